/** Web Mercator: the world as a square from (0, 0), 180° W at the top, to (1, 1). */

export const TILE = 256;
const LIMIT = 85.0511;
const EARTH_KM = 40_075.017;

export function project({latitude, longitude}) {
  const phi = (Math.max(-LIMIT, Math.min(LIMIT, latitude)) * Math.PI) / 180;
  return {
    x: longitude / 360 + 0.5,
    y: 0.5 - Math.asinh(Math.tan(phi)) / (2 * Math.PI),
  };
}

export function unproject({x, y}) {
  return {
    latitude: (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI,
    longitude: (((((x - 0.5) * 360 + 180) % 360) + 360) % 360) - 180,
  };
}

/** Pixels of the world's edge at a zoom. */
export function worldSize(zoom) {
  return TILE * 2 ** zoom;
}

/** Width in the unit square of a kilometre at a latitude. */
export function kilometre(latitude) {
  return 1 / (EARTH_KM * Math.cos((latitude * Math.PI) / 180));
}

export function distanceKm(a, b) {
  const rad = Math.PI / 180;
  const dLat = (b.latitude - a.latitude) * rad;
  const dLon = (b.longitude - a.longitude) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(dLon / 2) ** 2;
  return 12_742 * Math.asin(Math.sqrt(h));
}

const WINDS = ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'];

/** Return the direction of `to` as seen from `from`. */
export function bearing(from, to) {
  const [a, b] = [project(from), project(to)];
  const angle = Math.atan2(b.x - a.x, a.y - b.y);
  return WINDS[(Math.round((angle / Math.PI) * 4) + 8) % 8];
}
