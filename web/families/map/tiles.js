import {TILE, worldSize} from './mercator.js';

/** The most images that are kept. */
const KEPT = 400;

/** Return the tiles of a zoom that a view shows: `{x, y, left, top, size}`, the last three in pixels of the screen. */
export function tilesIn(view, zoom) {
  const count = 2 ** zoom;
  const size = worldSize(view.zoom) / count;
  const [left, top] = [view.x * count - view.width / 2 / size, view.y * count - view.height / 2 / size];
  const found = [];
  for (let column = Math.floor(left); column < left + view.width / size; column += 1) {
    for (let row = Math.max(0, Math.floor(top)); row < Math.min(count, top + view.height / size); row += 1) {
      found.push({x: ((column % count) + count) % count, y: row, left: (column - left) * size, top: (row - top) * size, size});
    }
  }
  return found;
}

/** Picture tiles of the configured source; `{z}`, `{x}` and `{y}` stand in its address. */
export class Tiles {
  constructor(template, redraw) {
    this.template = template;
    this.redraw = redraw;
    this.images = new Map();
  }

  /** Draw the tiles; return false until all of them are loaded. */
  paint(context, view) {
    const zoom = Math.max(0, Math.min(19, Math.round(view.zoom)));
    const wanted = tilesIn(view, zoom).map((tile) => ({...tile, image: this.#image(zoom, tile.x, tile.y)}));
    if (!wanted.every(({image}) => image.complete && image.naturalWidth > 0)) return false;
    for (const {image, left, top, size} of wanted) context.drawImage(image, left, top, size, size);
    return true;
  }

  #image(z, x, y) {
    const address = this.template.replace('{z}', z).replace('{x}', x).replace('{y}', y);
    if (!this.images.has(address)) {
      const image = new Image(TILE, TILE);
      image.crossOrigin = 'anonymous';
      image.onload = this.redraw;
      image.src = address;
      this.images.set(address, image);
      if (this.images.size > KEPT) this.images.delete(this.images.keys().next().value);
    }
    return this.images.get(address);
  }
}
