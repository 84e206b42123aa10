import {coarseLand, fineLand, towns} from './atlas.js';
import {project, unproject, worldSize} from './mercator.js';
import {Painter, Tiles, fromScreen, toScreen} from './painter.js';

const [NEAREST, FARTHEST] = [15, 0.6];
const FINE_FROM = 3.2;
const TOWNS_FROM = 2.2;
/** Pixels a key moves the pin. */
const NUDGE = 24;
/** A press that moves less than this (px) is a click. */
const STILL = 5;
/** A second click within this time (ms) and distance (px) of the first one zooms instead of choosing a point. */
const [DOUBLE_MS, DOUBLE_PX] = [280, 24];
/** The area of a pin around its tip (px): half its width, and its height. */
const [PIN_HALF, PIN_HEIGHT] = [20, 46];

/** A map on which a point is chosen with mouse, touch or keys; it needs no network. */
export class MapWidget {
  /**
   * @param {HTMLElement} element contains the map; its children with `data-at` are moved with the map
   * @param {{onPick: (point: {latitude: number, longitude: number}) => void, onConfirm: () => void, onCancel: () => void, tiles?: string | null}} options
   */
  constructor(element, {onPick, onConfirm, onCancel, tiles}) {
    this.element = element;
    this.onPick = onPick;
    this.onConfirm = onConfirm;
    this.onCancel = onCancel;
    this.canvas = element.querySelector('canvas');
    this.painter = new Painter(this.canvas);
    this.tiles = tiles ? new Tiles(tiles, () => this.redraw()) : undefined;
    this.view = {x: 0.52, y: 0.36, zoom: 2, width: 1, height: 1, ratio: 1};
    this.home = undefined;
    this.pick = undefined;
    this.pointers = new Map();
    this.controller = new AbortController();
    this.#listen();
    this.#load();
  }

  destroy() {
    this.controller.abort();
    clearTimeout(this.clicking);
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.flight);
  }

  setHome(point) {
    this.home = point ? {...point, ...project(point)} : undefined;
    this.redraw();
  }

  setPick(point) {
    this.pick = point ?? undefined;
    this.redraw();
  }

  /** Apply a change of theme. */
  recolour() {
    this.painter.recolour();
    this.redraw();
  }

  /** Zoom around the pin while it is visible, otherwise around the middle. */
  zoomBy(steps) {
    const pin = this.#pinOnScreen();
    const anchor = pin && this.#isVisible(pin) ? pin : {x: this.view.width / 2, y: this.view.height / 2};
    this.#glide({...this.view, ...this.#zoomedAt(anchor, steps)});
  }

  /** Centre a point at a zoom. */
  show(point, zoom = 11.2) {
    this.#glide({...this.view, ...this.#besidePanel(project(point), zoom), zoom});
  }

  redraw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.#paint());
  }

  async #load() {
    this.land = await coarseLand();
    this.redraw();
  }

  #paint() {
    const {view} = this;
    if (view.zoom > FINE_FROM && !this.fine) {
      this.fine = true;
      void fineLand().then((land) => {
        this.land = land;
        this.redraw();
      });
    }
    if (view.zoom > TOWNS_FROM && !this.asked) {
      this.asked = true;
      void towns().then((all) => {
        this.towns = all;
        this.redraw();
      });
    }
    const pins = this.#placePins();
    this.painter.paint(view, {land: this.land, towns: this.towns, tiles: this.tiles, home: this.home, quiet: pins});
  }

  /** Move the pins; return the boxes, also the panel's, that town names must not cover. */
  #placePins() {
    const own = this.canvas.getBoundingClientRect();
    const covers = [...this.element.querySelectorAll('[data-covers]')].map((cover) => {
      const {left, right, top, bottom} = cover.getBoundingClientRect();
      return {left: left - own.left, right: right - own.left, top: top - own.top, bottom: bottom - own.top};
    });
    const pins = [.../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll('[data-at]'))].map((pin) => {
      const [latitude, longitude] = pin.dataset.at.split(',').map(Number);
      const {x, y} = toScreen(this.view, project({latitude, longitude}));
      pin.style.transform = `translate(${x}px, ${y}px)`;
      return {left: x - 30, right: x + 30, top: y - 46, bottom: y + 26};
    });
    return [...covers, ...pins];
  }

  #listen() {
    const {signal} = this.controller;
    const on = (type, handler, options) => this.canvas.addEventListener(type, handler, {signal, ...options});
    on('pointerdown', (event) => this.#down(event));
    on('pointermove', (event) => this.#move(event));
    on('pointerup', (event) => this.#up(event));
    on('pointercancel', (event) => this.pointers.delete(event.pointerId));
    on('wheel', (event) => this.#wheel(event), {passive: false});
    on('dblclick', (event) => event.preventDefault());
    on('keydown', (event) => this.#key(event));
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.recolour(), {signal});
    document.fonts?.ready.then(() => this.recolour());
  }

  #resize() {
    const {width, height} = this.canvas.getBoundingClientRect();
    if (!width || !height) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    Object.assign(this.view, {width, height, ratio});
    Object.assign(this.canvas, {width: Math.round(width * ratio), height: Math.round(height * ratio)});
    this.#keepInside();
    cancelAnimationFrame(this.frame);
    this.#paint();
  }

  #down(event) {
    if (event.button !== 0) return;
    this.downAt = event.timeStamp;
    cancelAnimationFrame(this.flight);
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at(event));
    const isFirst = this.pointers.size === 1;
    this.pressed = isFirst ? at(event) : undefined;
    this.dragged = isFirst ? this.#pinUnder(at(event)) : undefined;
  }

  /** Return where the pin's tip lies from a press on the pin, or undefined for a press beside it. */
  #pinUnder(press) {
    const pin = this.#pinOnScreen();
    if (!pin) return undefined;
    const [dx, dy] = [pin.x - press.x, pin.y - press.y];
    return Math.abs(dx) <= PIN_HALF && dy >= -STILL && dy <= PIN_HEIGHT ? {dx, dy} : undefined;
  }

  #pinOnScreen() {
    const point = this.pick ?? this.home;
    return point ? toScreen(this.view, project(point)) : undefined;
  }

  #isVisible({x, y}) {
    return x >= 0 && y >= 0 && x <= this.view.width && y <= this.view.height;
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (this.pressed && far(this.pressed, now) > STILL) this.pressed = undefined;
    if (this.pressed) return;
    if (this.dragged && !others.length) return this.onPick(unproject(fromScreen(this.view, {x: now.x + this.dragged.dx, y: now.y + this.dragged.dy})));
    if (others.length) this.#pinch(others[0][1], before, now);
    const size = worldSize(this.view.zoom);
    const share = others.length ? 0.5 : 1;
    this.#set({x: this.view.x - ((now.x - before.x) / size) * share, y: this.view.y - ((now.y - before.y) / size) * share});
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    if (this.pressed && !this.dragged) this.#click(this.pressed);
    this.pressed = this.dragged = undefined;
  }

  /** Choose the point of a click, unless a second click follows: that one zooms. The times are those of the presses. */
  #click(point) {
    const first = this.clicked;
    clearTimeout(this.clicking);
    if (first && this.downAt - first.at <= DOUBLE_MS && far(first.point, point) <= DOUBLE_PX) return this.#doubleClick(first);
    const click = {point, at: this.downAt, before: this.pick, isChosen: false};
    this.clicked = click;
    this.clicking = setTimeout(() => {
      click.isChosen = true;
      this.onPick(unproject(fromScreen(this.view, point)));
    }, DOUBLE_MS);
  }

  /** Zoom. On a slow device the first click has chosen its point already: return to the point before it. */
  #doubleClick({point, before, isChosen}) {
    this.clicked = undefined;
    if (isChosen && before) this.onPick(before);
    else if (isChosen) this.onCancel();
    this.#glide({...this.view, ...this.#zoomedAt(point, 1)});
  }

  #pinch(still, before, now) {
    const change = Math.log2(far(still, now) / Math.max(1, far(still, before)));
    this.#zoomAt({x: (still.x + now.x) / 2, y: (still.y + now.y) / 2}, change);
  }

  /** Zoom by the wheel only while the map has the focus, otherwise the page scrolls; a pinch on a trackpad always zooms. */
  #wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    cancelAnimationFrame(this.flight);
    this.#zoomAt(at(event), -event.deltaY * (event.ctrlKey ? 0.01 : 0.0022));
  }

  #key(event) {
    const move = {ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0]}[event.key];
    if (move) this.#nudge(move, event.shiftKey ? 5 : 1);
    else if (event.key === '+' || event.key === '=') this.zoomBy(1);
    else if (event.key === '-') this.zoomBy(-1);
    else if (event.key === 'Enter' && this.pick) this.onConfirm();
    else if (event.key === 'Escape' && this.pick) this.onCancel();
    else return;
    event.preventDefault();
  }

  #nudge([dx, dy], times) {
    const size = worldSize(this.view.zoom);
    const from = this.pick ?? this.home;
    const start = from ? project(from) : {x: this.view.x, y: this.view.y};
    const to = {x: start.x + (dx * NUDGE * times) / size, y: start.y + (dy * NUDGE * times) / size};
    const seen = toScreen(this.view, to);
    const margin = 60;
    if (seen.x < margin || seen.y < margin || seen.x > this.view.width - margin || seen.y > this.view.height - margin) this.#set(to);
    this.onPick(unproject(to));
  }

  #zoomAt(point, change) {
    this.#set(this.#zoomedAt(point, change));
  }

  /** Return the view after a zoom that keeps a point of the screen where it is. */
  #zoomedAt(point, change) {
    const zoom = clampZoom(this.view.zoom + change);
    const anchor = fromScreen(this.view, point);
    const size = worldSize(zoom);
    return {
      zoom,
      x: anchor.x - (point.x - this.view.width / 2) / size,
      y: anchor.y - (point.y - this.view.height / 2) / size,
    };
  }

  #set(change) {
    Object.assign(this.view, change);
    this.#keepInside();
    this.redraw();
  }

  #keepInside() {
    const {view} = this;
    view.zoom = Math.max(view.zoom, Math.log2(view.height / 256));
    const half = view.height / 2 / worldSize(view.zoom);
    view.y = half >= 0.5 ? 0.5 : Math.max(half, Math.min(1 - half, view.y));
    view.x -= Math.floor(view.x);
  }

  /** Return the centre that shows a point in the middle of the area beside the panel. */
  #besidePanel(point, zoom) {
    const inset = Number.parseFloat(getComputedStyle(this.element).getPropertyValue('--map-inset')) || 0;
    return {x: point.x - inset / 2 / worldSize(zoom), y: point.y};
  }

  #glide(to) {
    cancelAnimationFrame(this.flight);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || this.view.width <= 1) return this.#set(to);
    const from = {...this.view};
    const turn = Math.round(from.x - to.x);
    const start = performance.now();
    const step = (now) => {
      const t = Math.min(1, (now - start) / 700);
      const eased = 1 - (1 - t) ** 3;
      const mix = (key, shift = 0) => from[key] + (to[key] + shift - from[key]) * eased;
      this.#set({x: mix('x', turn), y: mix('y'), zoom: mix('zoom')});
      if (t < 1) this.flight = requestAnimationFrame(step);
    };
    this.flight = requestAnimationFrame(step);
  }
}

function at(event) {
  return {x: event.offsetX, y: event.offsetY};
}

function far(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function clampZoom(zoom) {
  return Math.max(FARTHEST, Math.min(NEAREST, zoom));
}
