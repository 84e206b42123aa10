/** Make a PMTiles file (version 3, uncompressed) with one vector tile, as https://docs.protomaps.com/pmtiles/ describes it. */

/** Return the bytes of a variable-length integer. */
function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A field of a protocol buffer: a number, or bytes with their length. */
const number = (field, value) => [...varint(field << 3), ...varint(value)];
const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
const text = (field, value) => bytes(field, [...new TextEncoder().encode(value)]);
const zigzag = (value) => (value << 1) ^ (value >> 31);

/** Return a line or an area as drawing commands of differences. */
function geometryOf(points, isArea) {
  let [x, y] = [0, 0];
  const steps = points.map(([nextX, nextY]) => {
    const step = [zigzag(nextX - x), zigzag(nextY - y)];
    [x, y] = [nextX, nextY];
    return step;
  });
  const commands = [(1 << 3) | 1, ...steps[0], ((points.length - 1) << 3) | 2, ...steps.slice(1).flat()];
  return isArea ? [...commands, (1 << 3) | 7] : commands;
}

/** Return a layer; each feature is `{type, points, properties}`: 2 is a line, 3 an area; a tile is 4,096 units wide. */
function layerOf(name, features) {
  const keys = [...new Set(features.flatMap(({properties}) => Object.keys(properties)))];
  const values = [...new Set(features.flatMap(({properties}) => Object.values(properties)))];
  const tags = (properties) => Object.entries(properties).flatMap(([key, value]) => [keys.indexOf(key), values.indexOf(value)]);
  return bytes(3, [
    ...number(15, 2), ...text(1, name),
    ...features.flatMap(({type, points, properties}) => bytes(2, [
      ...bytes(2, tags(properties).flatMap(varint)), ...number(3, type), ...bytes(4, geometryOf(points, type === 3).flatMap(varint)),
    ])),
    ...keys.flatMap((key) => text(3, key)),
    ...values.flatMap((value) => bytes(4, text(1, value))),
    ...number(5, 4_096),
  ]);
}

/** Return the number of a tile along the Hilbert curve. */
function tileId(z, x, y) {
  let id = (4 ** z - 1) / 3;
  for (let side = 2 ** (z - 1); side >= 1; side /= 2) {
    const [right, below] = [x & side ? 1 : 0, y & side ? 1 : 0];
    id += side * side * ((3 * right) ^ below);
    if (below === 0) {
      if (right === 1) [x, y] = [side - 1 - x, side - 1 - y];
      [x, y] = [y, x];
    }
  }
  return id;
}

/** Return the number of the column and row of a point at a zoom. */
export function tileOf({latitude, longitude}, z) {
  const phi = (latitude * Math.PI) / 180;
  return [Math.floor((longitude / 360 + 0.5) * 2 ** z), Math.floor((0.5 - Math.asinh(Math.tan(phi)) / (2 * Math.PI)) * 2 ** z)];
}

/** Return a file with one tile; `layers` is an object of features by layer. */
export function streetFile(z, [x, y], layers) {
  const tile = Object.entries(layers).flatMap(([name, features]) => layerOf(name, features));
  const directory = [1, tileId(z, x, y), 1, tile.length, 1].flatMap(varint);
  const [root, metadata] = [127, 127 + directory.length];
  const data = metadata + 2;
  const header = Buffer.alloc(127);
  header.write('PMTiles');
  header.writeUInt8(3, 7);
  [root, directory.length, metadata, 2, 0, 0, data, tile.length, 1, 1, 1].forEach((value, i) => header.writeBigUInt64LE(BigInt(value), 8 + 8 * i));
  [1, 1, 1, 1, z, z].forEach((value, i) => header.writeUInt8(value, 96 + i)); // clustered, no compression, vector tiles, zooms
  return Buffer.concat([header, Buffer.from(directory), Buffer.from('{}'), Buffer.from(tile)]);
}
