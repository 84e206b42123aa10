import {kilometre, unproject, worldSize} from './mercator.js';

/** Degrees between lines of the grid, by falling width. */
const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002];
const RINGS_KM = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500];
/** Zoom levels between which the coarse coast fades out and only the grid remains. */
const [FADE_FROM, FADE_TO] = [9, 11.5];

/** Draw one frame of the map: `view` is `{x, y, zoom, width, height, ratio}` with the centre in the unit square. */
export class Painter {
  constructor(canvas) {
    this.context = canvas.getContext('2d');
    this.colours = undefined;
  }

  /** Read the colours again after a change of theme. */
  recolour() {
    this.colours = undefined;
  }

  /** @param {any} view @param {{land: any, towns?: any, tiles?: any, streets?: any, home?: any, quiet?: any[]}} layers */
  paint(view, {land, towns, tiles, streets, home, quiet = []}) {
    this.colours ??= readColours(this.context.canvas);
    const {context} = this;
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    if (tiles?.paint(context, view)) {
      this.#rings(view, home, []);
      return;
    }
    this.#ground(view, land);
    const taken = [...quiet];
    const drawn = streets?.paint(context, view, this.colours);
    if (!drawn) this.#grid(view, taken);
    this.#rings(view, home, taken);
    for (const label of drawn ?? []) this.#streetLabel(label, taken);
    if (towns) this.#towns(view, towns, taken);
  }

  #ground(view, land) {
    const {context, colours} = this;
    const clear = Math.min(1, Math.max(0, (FADE_TO - view.zoom) / (FADE_TO - FADE_FROM)));
    context.fillStyle = colours.land;
    context.fillRect(0, 0, view.width, view.height);
    if (clear === 0) return;
    context.save();
    context.globalAlpha = clear;
    context.fillStyle = colours.sea;
    context.fillRect(0, 0, view.width, view.height);
    const size = worldSize(view.zoom);
    for (const turn of turns(view)) {
      context.save();
      context.translate(view.width / 2, view.height / 2);
      context.scale(size, size);
      context.translate(turn - view.x, -view.y);
      context.fillStyle = colours.land;
      context.strokeStyle = colours.coast;
      context.lineWidth = 1 / size;
      context.lineJoin = 'round';
      this.#fillLand(view, land, turn);
      context.restore();
    }
    context.restore();
  }

  #fillLand(view, land, turn) {
    const size = worldSize(view.zoom);
    const [halfX, halfY] = [view.width / 2 / size, view.height / 2 / size];
    for (const {path, bounds} of land ?? []) {
      if (bounds.right + turn < view.x - halfX || bounds.left + turn > view.x + halfX) continue;
      if (bounds.bottom < view.y - halfY || bounds.top > view.y + halfY) continue;
      this.context.fill(path);
      this.context.stroke(path);
    }
  }

  #grid(view, taken) {
    const {context, colours} = this;
    const step = STEPS.findLast((degrees) => (degrees / 360) * worldSize(view.zoom) >= 88) ?? STEPS[0];
    const [west, east, north, south] = edges(view);
    context.strokeStyle = colours.grid;
    context.fillStyle = colours.gridLabel;
    context.lineWidth = 1;
    context.font = `500 11px ${colours.font}`;
    context.textBaseline = 'middle';
    for (let longitude = Math.ceil(west / step) * step; longitude <= east; longitude += step) {
      const x = Math.round(toScreen(view, {x: longitude / 360 + 0.5, y: 0}).x) + 0.5;
      line(context, x, 0, x, view.height);
      context.textAlign = 'center';
      context.fillText(degrees(longitude, step, 'E', 'W'), x, view.height - 11);
    }
    for (let latitude = Math.ceil(south / step) * step; latitude <= Math.min(north, 84.9); latitude += step) {
      const y = Math.round(toScreen(view, {x: 0, y: 0.5 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI)}).y) + 0.5;
      line(context, 0, y, view.width, y);
      context.textAlign = 'right';
      context.fillText(degrees(latitude, step, 'N', 'S'), view.width - 10, y - 8);
      taken.push({left: view.width - 60, right: view.width, top: y - 16, bottom: y});
    }
  }

  #rings(view, home, taken) {
    if (!home || view.zoom < 5) return;
    const {context, colours} = this;
    const centre = toScreen(view, home);
    const pixels = kilometre(home.latitude) * worldSize(view.zoom);
    const shown = RINGS_KM.filter((km) => km * pixels > 46 && km * pixels < 420).slice(0, 3);
    context.strokeStyle = colours.accent;
    context.fillStyle = colours.accent;
    context.font = `600 11px ${colours.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (const km of shown) {
      context.globalAlpha = 0.55;
      context.setLineDash([2, 5]);
      context.lineCap = 'round';
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc(centre.x, centre.y, km * pixels, 0, 2 * Math.PI);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
      const top = centre.y - km * pixels;
      this.#label(km < 1 ? `${km * 1000} m` : `${km} km`, centre.x, top);
      taken.push({left: centre.x - 24, right: centre.x + 24, top: top - 9, bottom: top + 9});
    }
  }

  #towns(view, towns, taken) {
    const {context, colours} = this;
    const least = 4e6 / 2 ** Math.max(0, view.zoom - 2.5) ** 1.15;
    let left = Math.round((view.width * view.height) / 16_000);
    for (const town of towns) {
      if (town.people < least || left === 0) break;
      const {x, y} = toScreen(view, town);
      if (x < 4 || y < 0 || x > view.width || y > view.height - 26) continue;
      const large = town.people > 1e6;
      context.font = `${large ? 600 : 450} ${large ? 13 : 12}px ${colours.font}`;
      const box = {left: x - 4, top: y - 9, right: x + 12 + context.measureText(town.name).width, bottom: y + 9};
      if (box.right > view.width - 44 || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      left -= 1;
      context.fillStyle = colours.inkSoft;
      context.beginPath();
      context.arc(x, y, large ? 2.75 : 2, 0, 2 * Math.PI);
      context.fill();
      context.textAlign = 'left';
      context.textBaseline = 'middle';
      this.#label(town.name, x + 7, y, large ? colours.ink : colours.inkSoft);
    }
  }

  /** Write the name of a street along it, or of a place across, where no other text stands. */
  #streetLabel({text, x, y, angle, size, isStrong}, taken) {
    const {context, colours} = this;
    context.font = `${isStrong ? 600 : 450} ${size}px ${colours.font}`;
    const half = context.measureText(text).width / 2;
    const [wide, high] = [half * Math.abs(Math.cos(angle)) + size / 2, half * Math.abs(Math.sin(angle)) + size / 2];
    const box = {left: x - wide, right: x + wide, top: y - high, bottom: y + high};
    if (taken.some((other) => overlap(box, other))) return;
    taken.push(box);
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    this.#label(text, 0, 0, isStrong ? colours.ink : colours.inkSoft);
    context.restore();
  }

  #label(text, x, y, colour = this.colours.accent) {
    const {context} = this;
    context.lineJoin = 'round';
    context.lineWidth = 3.5;
    context.strokeStyle = this.colours.land;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
    context.strokeStyle = this.colours.accent;
  }
}

export function toScreen(view, {x, y}) {
  const size = worldSize(view.zoom);
  const away = x - view.x;
  return {
    x: (away - Math.round(away)) * size + view.width / 2,
    y: (y - view.y) * size + view.height / 2,
  };
}

export function fromScreen(view, {x, y}) {
  const size = worldSize(view.zoom);
  return {x: view.x + (x - view.width / 2) / size, y: view.y + (y - view.height / 2) / size};
}

/** Return the copies of the world that are visible. */
function turns(view) {
  const half = view.width / 2 / worldSize(view.zoom);
  const all = [];
  for (let turn = Math.floor(view.x - half) - 1; turn <= Math.floor(view.x + half) + 1; turn += 1) all.push(turn);
  return all;
}

function edges(view) {
  const half = view.width / 2 / worldSize(view.zoom);
  const [north, south] = [0, view.height].map((y) => unproject(fromScreen(view, {x: 0, y})).latitude);
  return [(view.x - half - 0.5) * 360, (view.x + half - 0.5) * 360, north, south];
}

function degrees(value, step, positive, negative) {
  const wrapped = positive === 'E' ? ((((value + 180) % 360) + 360) % 360) - 180 : value;
  const digits = step >= 1 ? 0 : Math.ceil(-Math.log10(step));
  const size = Math.abs(wrapped).toFixed(digits);
  return Number(size) === 0 ? '0°' : `${size}° ${wrapped > 0 ? positive : negative}`;
}

function line(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Resolve the colour tokens for the canvas, which accepts plain colours only. */
function readColours(canvas) {
  const probe = document.createElement('span');
  probe.style.setProperty('transition', 'none', 'important'); // otherwise each colour starts as the previous one
  canvas.parentElement.append(probe);
  const colour = (token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    sea: colour('sea'), land: colour('land'), coast: colour('coast'), grid: colour('grid'), gridLabel: colour('grid-label'),
    water: colour('sea'), green: colour('green'), building: colour('building'), street: colour('street'), mainStreet: colour('main-street'), rail: colour('grid'),
    ink: colour('ink'), inkSoft: colour('ink-soft'), accent: colour('accent'), font: getComputedStyle(probe).fontFamily,
  };
  probe.remove();
  return colours;
}
