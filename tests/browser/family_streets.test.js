import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {openPage, openStack, newFamily, signUp} from './stack.js';
import {streetFile, tileOf} from './street_file.js';

const ZOOM = 14;
/** The middle of Munich, as the search for towns gives it. */
const MUNICH = {latitude: 48.137, longitude: 11.575};
const LAYERS = {
  earth: [{type: 3, points: [[0, 0], [4_096, 0], [4_096, 4_096], [0, 4_096]], properties: {kind: 'earth'}}],
  water: [{type: 3, points: [[0, 0], [4_096, 0], [4_096, 900], [0, 900]], properties: {kind: 'river'}}],
  landuse: [{type: 3, points: [[0, 3_200], [4_096, 3_200], [4_096, 4_096], [0, 4_096]], properties: {kind: 'park'}}],
  roads: [{type: 2, points: [[0, 2_000], [4_096, 2_000]], properties: {kind: 'major_road', name: 'Sonnenstraße'}}],
};

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

/** Open a page whose deployer has set a street file; `answer` serves it. */
async function withStreets(answer) {
  const visitor = await openPage(world.browser, {reducedMotion: 'reduce', colorScheme: 'light'});
  const {page} = visitor;
  await page.route('**/config.js', (route) => route.fulfill({
    contentType: 'text/javascript', body: "export const config = {apiUrl: '', tiles: null, streets: {url: 'streets.pmtiles', attribution: '© The makers of the streets'}, demo: null};",
  }));
  await page.route('**/streets.pmtiles', answer);
  await page.goto(world.proxy.url);
  await signUp(page, newFamily());
  await page.getByRole('combobox', {name: 'Find a town'}).fill('München');
  await page.getByRole('option', {name: /Munich/}).click();
  await page.getByText('Meet here?').waitFor();
  return visitor;
}

/** Wait until the map has a certain share of pixels in a colour of the page. */
function painted(page, token, least) {
  return page.waitForFunction(([token, least]) => {
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).match(/#[0-9a-f]{6}/)[0];
    const [red, green, blue] = probe.fillStyle.match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16));
    const canvas = document.querySelector('.map-canvas');
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) count += 1;
    return count / (data.length / 4) >= least;
  }, [token, least], {polling: 200});
}

test('streets, parks and water of the deployer’s file are drawn, read in parts, and credited', async () => {
  const file = streetFile(ZOOM, tileOf(MUNICH, ZOOM), LAYERS);
  const ranges = [];
  const {page, faults} = await withStreets((route) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(route.request().headers().range);
    ranges.push([Number(from), Number(to)]);
    const part = file.subarray(Number(from), Number(to) + 1);
    return route.fulfill({status: 206, body: part, headers: {'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${file.length}`, 'content-length': String(part.length), etag: '"one"'}});
  });
  for (let step = 0; step < 3; step += 1) await page.getByRole('button', {name: 'Closer'}).click();
  for (const token of ['main-street', 'green']) await painted(page, token, 0.002);
  await page.getByText('© The makers of the streets').waitFor();
  assert.ok(ranges.every(([from, to]) => to >= from), 'the file is read in parts');
  assert.deepEqual(faults, []);
});

test('a street file that is not there leaves the map as it is', async () => {
  const {page, faults} = await withStreets((route) => route.fulfill({status: 404, body: 'Not found'}));
  await page.getByRole('button', {name: 'Closer'}).click();
  await painted(page, 'land', 0.2);
  await page.getByRole('button', {name: 'Meet here'}).click();
  await page.getByRole('button', {name: 'Point saved'}).waitFor();
  assert.deepEqual(faults, []);
});
