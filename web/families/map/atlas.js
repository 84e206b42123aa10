import {distanceKm, project} from './mercator.js';

/** The data files of the offline map, each read once at first use. */
const loaded = new Map();
/** Hundredths of a degree. */
const HALF_WAY = 18_000;

function load(name, decode) {
  if (!loaded.has(name)) {
    const reading = fetch(new URL(`../data/${name}.json`, import.meta.url))
      .then((response) => response.json())
      .then(decode)
      .catch((error) => {
        loaded.delete(name);
        throw error;
      });
    loaded.set(name, reading);
  }
  return loaded.get(name);
}

export const coarseLand = () => load('land-coarse', decodeLand);
export const fineLand = () => load('land-fine', decodeLand);
export const towns = () => load('places', decodeTowns);
/** Names of towns in other spellings and scripts, in the order of the towns. */
const otherNames = () => load('other-names', (text) => text.split('\n').map((names) => names.split('|').map(plain)));

/** Return each ring as a path in the unit square, with its bounds. A ring that crosses 180° continues beyond the square's edge. */
function decodeLand(rings) {
  return rings.map((numbers) => {
    const path = new Path2D();
    const bounds = {left: Infinity, right: -Infinity, top: 1, bottom: 0};
    let [longitude, latitude] = [0, 0];
    for (let i = 0; i < numbers.length; i += 2) {
      longitude += i > 0 && Math.abs(numbers[i]) > HALF_WAY ? numbers[i] - Math.sign(numbers[i]) * 2 * HALF_WAY : numbers[i];
      latitude += numbers[i + 1];
      const {x, y} = project({latitude: latitude / 100, longitude: longitude / 100});
      path.lineTo(x, y);
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y);
    }
    if (bounds.right - bounds.left >= 0.999) closeAroundPole(path, longitude / 360 + 0.5, bounds);
    path.closePath();
    return {path, bounds};
  });
}

/** Close the coast around the South Pole: it ends one world's width from its start. */
function closeAroundPole(path, lastX, bounds) {
  path.lineTo(lastX, 1.1);
  path.lineTo(lastX > 0.5 ? bounds.left : bounds.right, 1.1);
  bounds.bottom = 1.1;
}

function decodeTowns({names, countries, regions, population, longitude, latitude}) {
  const states = regions.split(',');
  return names.split('\n').map((name, i) => {
    const town = {
      name,
      country: countries.slice(2 * i, 2 * i + 2),
      region: states[i],
      people: population[i] * 1000,
      latitude: latitude[i] / 1000,
      longitude: longitude[i] / 1000,
    };
    return {...town, ...project(town), plain: plain(name)};
  });
}

/** Return a text without accents or case, for comparison. */
function plain(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\b(saint|sankt|st)\b\.?/g, 'st').replace(/ß/g, 'ss');
}

/** Return the towns with a name in any spelling that begins with the typed text, the largest first. */
export async function search(typed, limit = 6) {
  const wanted = plain(typed.trim());
  if (wanted.length < 2) return [];
  const all = await towns();
  const found = matching(all, (town) => town.plain.startsWith(wanted), limit);
  if (found.length === limit) return found;
  const others = await otherNames();
  const more = matching(all.slice(0, others.length), (town, i) => !found.includes(town) && others[i].some((name) => name.startsWith(wanted)), limit - found.length);
  return [...found, ...more].sort((a, b) => b.people - a.people);
}

function matching(all, test, limit) {
  const found = [];
  for (let i = 0; i < all.length && found.length < limit; i += 1) if (test(all[i], i)) found.push(all[i]);
  return found;
}

/** Return the town for a point: the nearest one, weighted by size. */
export function townNear(all, point) {
  let best;
  let least = Infinity;
  for (const town of all) {
    if (Math.abs(town.latitude - point.latitude) > 3) continue;
    const km = distanceKm(town, point);
    const weight = km / Math.sqrt(1 + town.people / 50_000);
    if (weight < least && km < 250) {
      least = weight;
      best = {town, km};
    }
  }
  return best;
}
