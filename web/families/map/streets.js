import {tilesIn} from './tiles.js';

/** Zoom levels of the screen from which streets, their names and buildings are drawn. */
const [STREETS_FROM, NAMES_FROM] = [9.5, 14];
/** The most tiles that are kept. */
const KEPT = 120;
/** Width of a line in pixels at zoom 14; it doubles with every second zoom level. */
const WIDTHS = {main: 3.2, street: 1.7, path: 0.8, rail: 0.9};
/** Classes of streets in the schemas of Protomaps (`kind`) and OpenMapTiles (`class`). */
const MAIN = new Set(['highway', 'major_road', 'medium_road', 'motorway', 'trunk', 'primary', 'secondary']);
const PATHS = new Set(['path', 'footway', 'track', 'cycleway', 'steps', 'pedestrian']);
const GREEN = new Set([
  'park', 'grass', 'wood', 'forest', 'garden', 'playground', 'pitch', 'nature_reserve', 'recreation_ground', 'meadow', 'village_green', 'golf_course', 'zoo', 'cemetery',
]);
/** Places to which a family goes; others have no name on the map. */
const NAMED = new Set(['park', 'playground', 'garden', 'library', 'school', 'swimming_pool', 'sports_centre', 'zoo', 'museum', 'station', 'neighbourhood', 'suburb', 'quarter']);

/** Streets, parks and water from one file of vector tiles (PMTiles), which is read in parts. */
export class Streets {
  /** @param {string} url @param {() => void} redraw */
  constructor(url, redraw) {
    this.url = url;
    this.redraw = redraw;
    /** @type {Map<string, any>} */
    this.tiles = new Map();
  }

  /** Draw the streets; return their names: `{text, x, y, angle, size, isStrong}`. Return null where no street is known. */
  paint(context, view, colours) {
    if (view.zoom < STREETS_FROM) return null;
    void this.#open();
    if (!this.header) return null;
    // A vector tile is made for twice the edge of a picture tile.
    const zoom = Math.max(this.header.minZoom, Math.min(this.header.maxZoom, Math.floor(view.zoom) - 1));
    const shown = tilesIn(view, zoom).map((tile) => ({...tile, ...this.#tile(zoom, tile.x, tile.y)})).filter(({layers}) => layers);
    if (!shown.length) return null;
    for (const layer of LAYERS) for (const tile of shown) paintLayer(context, view, tile, layer, colours);
    return view.zoom < NAMES_FROM ? [] : shown.flatMap(namesOf);
  }

  async #open() {
    if (this.opening) return;
    this.opening = true;
    try {
      this.reader = await import('../../shared/vendor/vector_tiles.js');
      this.archive = new this.reader.PMTiles(new URL(this.url, document.baseURI).href);
      const header = await this.archive.getHeader();
      if (header.tileType !== this.reader.TileType.Mvt) throw new Error(`${this.url} has no vector tiles`);
      this.header = header;
      this.redraw();
    } catch (error) {
      console.warn(`The streets cannot be read: ${error.message}`);
    }
  }

  #tile(z, x, y) {
    const key = `${z}/${x}/${y}`;
    if (!this.tiles.has(key)) {
      this.tiles.set(key, {});
      if (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
      this.archive.getZxy(z, x, y).then((answer) => {
        if (!answer) return; // the file has no such tile
        this.tiles.set(key, decoded(this.reader, new Uint8Array(answer.data)));
        this.redraw();
      }).catch(() => this.tiles.delete(key)); // read again when the map is drawn again
    }
    return this.tiles.get(key);
  }
}

/** Layers from the lowest to the highest. */
const LAYERS = ['green', 'water', 'building', 'path', 'rail', 'street', 'main'];

/** Return a tile's layers as paths, each in a square from (0, 0) to (1, 1), and its names. */
function decoded({VectorTile, PbfReader}, data) {
  const layers = {};
  const names = [];
  for (const [layer, source] of Object.entries(new VectorTile(new PbfReader(data)).layers)) {
    for (let i = 0; i < source.length; i += 1) {
      const feature = source.feature(i);
      const role = roleOf(layer, feature.properties);
      if (role) trace(layers[role] ??= new Path2D(), feature, source.extent);
      const name = nameOf(role, layer, feature, source.extent);
      if (name) names.push(name);
    }
  }
  return {layers, names};
}

/** Return the layer in which a feature is drawn, or undefined. */
export function roleOf(layer, {kind, class: category, kind_detail: detail}) {
  const type = kind ?? category;
  if (layer === 'water') return 'water';
  if (layer === 'buildings' || layer === 'building') return 'building';
  if (['landuse', 'landcover', 'park'].includes(layer)) return GREEN.has(type) || layer === 'park' ? 'green' : undefined;
  if (layer !== 'roads' && layer !== 'transportation') return undefined;
  if (type === 'rail' || type === 'transit') return 'rail';
  if (MAIN.has(type)) return 'main';
  return PATHS.has(type) || PATHS.has(detail) ? 'path' : 'street';
}

function trace(path, feature, extent) {
  if (feature.type === 1) return;
  for (const ring of feature.loadGeometry()) {
    ring.forEach(({x, y}, i) => (i ? path.lineTo(x / extent, y / extent) : path.moveTo(x / extent, y / extent)));
    if (feature.type === 3) path.closePath();
  }
}

/** Return a name with its position in the tile; a street's name stands along its longest straight part. */
function nameOf(role, layer, feature, extent) {
  const {properties, type} = feature;
  const text = properties['name:latin'] ?? properties.name;
  if (!text) return null;
  const isStreet = type === 2 && (['street', 'main'].includes(role) || layer === 'transportation_name');
  if (!isStreet && !(type === 1 && NAMED.has(properties.kind ?? properties.class))) return null;
  const points = feature.loadGeometry()[0].map(({x, y}) => ({x: x / extent, y: y / extent}));
  const [from, to] = isStreet ? longestPart(points) : [points[0], points[0]];
  const angle = isStreet ? Math.atan((to.y - from.y) / (to.x - from.x || 1e-9)) : 0;
  return {text, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2, angle, length: isStreet ? Math.hypot(to.x - from.x, to.y - from.y) : Infinity, isStrong: !isStreet};
}

function longestPart(points) {
  const length = ([from, to]) => Math.hypot(to.x - from.x, to.y - from.y);
  const parts = points.slice(1).map((point, i) => [points[i], point]);
  return parts.reduce((longest, part) => (length(part) > length(longest) ? part : longest), parts[0] ?? [points[0], points[0]]);
}

function paintLayer(context, view, {layers, left, top, size}, layer, colours) {
  const path = layers[layer];
  if (!path) return;
  context.save();
  context.beginPath();
  context.rect(left, top, size, size);
  context.clip(); // a tile reaches a little beyond its edges
  context.translate(left, top);
  context.scale(size, size);
  const width = WIDTHS[layer];
  if (width) {
    context.strokeStyle = colours[{main: 'mainStreet', rail: 'rail'}[layer] ?? 'street'];
    context.lineWidth = (width * 2 ** ((view.zoom - 14) / 2)) / size;
    context.lineJoin = context.lineCap = 'round';
    context.stroke(path);
  } else {
    context.fillStyle = colours[layer];
    context.fill(path);
  }
  context.restore();
}

/** Return the names of a tile that fit, in pixels of the screen. */
function namesOf({names, left, top, size}) {
  const seen = new Set();
  const fits = ({text, length, isStrong}) => length * size > text.length * 5.5 && !seen.has(text) && seen.add(text) && (isStrong || text.length < 40);
  return names.toSorted((a, b) => Number(b.isStrong) - Number(a.isStrong)).filter(fits)
    .map(({text, x, y, angle, isStrong}) => ({text, x: left + x * size, y: top + y * size, angle, size: isStrong ? 12 : 11, isStrong}));
}
