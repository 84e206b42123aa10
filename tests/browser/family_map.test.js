import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {newFamily, openStack, signUp, visit} from './stack.js';

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

/** A new family's page with a chosen, unsaved point in the middle of the free part of the map. */
async function picked(options) {
  const visitor = await visit(world, {reducedMotion: 'reduce', ...options});
  const {page} = visitor;
  await signUp(page, newFamily());
  await page.getByRole('combobox', {name: 'Find a town'}).fill('München');
  await page.getByRole('option', {name: /Munich/}).click();
  await page.getByText('Meet here?').waitFor();
  await page.locator('.pick-pin').waitFor({state: 'attached'});
  return visitor;
}

/** Return where the tip of the candidate's pin lies on the page, once the map has painted it. */
async function tipOf(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.locator('.pick-pin').evaluate((pin) => {
    const {left, top} = pin.getBoundingClientRect();
    return {x: left, y: top};
  });
}

const pointOf = (page) => page.locator('.pick-pin').getAttribute('data-at');

test('the pin is dragged, and the map stays where it is', async () => {
  const {page} = await picked();
  const [before, point] = [await tipOf(page), await pointOf(page)];
  await page.mouse.move(before.x, before.y - 20);
  await page.mouse.down();
  await page.mouse.move(before.x + 60, before.y + 20, {steps: 6});
  await page.mouse.up();
  await page.waitForFunction((old) => document.querySelector('.pick-pin').dataset.at !== old, point);
  // The page draws the pin again after the drop: wait until its tip is where the pointer left it.
  await page.waitForFunction(
    ({x, y}) => {
      const {left, top} = document.querySelector('.pick-pin').getBoundingClientRect();
      return Math.abs(left - x - 60) < 4 && Math.abs(top - y - 40) < 4;
    },
    before,
  );
});

test('the zoom keeps the pin in the picture, and a double click zooms instead of choosing a point', async () => {
  const {page} = await picked();
  const before = await tipOf(page);
  for (let step = 0; step < 2; step += 1) await page.getByRole('button', {name: 'Closer'}).click();
  const after = await tipOf(page);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 4);
  const point = await pointOf(page);
  await page.mouse.dblclick(before.x + 150, before.y + 60);
  await page.waitForFunction(([x, y, point]) => {
    const pin = document.querySelector('.pick-pin');
    const {left, top} = pin.getBoundingClientRect();
    return pin.dataset.at === point && Math.hypot(left - x, top - y) > 20;
  }, [after.x, after.y, point]);
});

test('Enter saves the candidate, Escape drops it, and a change of view keeps it', async () => {
  const {page} = await picked();
  await page.getByRole('link', {name: 'Friends'}).click();
  await page.getByRole('link', {name: 'Meet', exact: true}).click();
  await page.getByText('Meet here?').waitFor();
  await page.getByRole('application').focus();
  await page.keyboard.press('Escape');
  await page.getByText('Where do you like to meet?').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByText('Meet here?').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', {name: 'Point saved'}).waitFor();
});

test('towns are found in other scripts, and a search without a result says so', async () => {
  const {page} = await visit(world);
  await signUp(page, newFamily());
  const field = page.getByRole('combobox', {name: 'Find a town'});
  await field.fill('東京');
  await page.getByRole('option', {name: /Tokyo.*Japan/}).waitFor();
  await field.fill('Qwertzuiop');
  await page.getByText('We know no town called “Qwertzuiop”').waitFor();
  await field.fill('75005');
  await page.getByText('We find towns by their name, not by a postal code.').waitFor();
});

test('the device can say where it is', async () => {
  const {page, context} = await visit(world, {geolocation: {latitude: 59.91, longitude: 10.75}, permissions: ['geolocation']});
  await context.grantPermissions(['geolocation']);
  await signUp(page, newFamily());
  await page.getByRole('button', {name: 'Use my location'}).click();
  await page.getByText('Meet here?').waitFor();
  assert.equal(await pointOf(page), '59.91,10.75');
});
