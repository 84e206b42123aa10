import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {openOperatorPage} from './operator_page.js';
import {connection, goTo, openStack, screenshot, signIn, stack, visit} from './stack.js';

/** The pictures of README.md: `make screenshots` writes them to docs/images. */
const SCREEN = {viewport: {width: 1280, height: 800}, colorScheme: 'light', reducedMotion: 'reduce'};

let world;
let operator;

before(async () => {
  world = await openStack();
  operator = await openOperatorPage();
});
after(async () => {
  await world.close();
  await operator.close();
});

test('the page for families', async () => {
  const {page, faults} = await visit(world, SCREEN);
  await signIn(page, stack.users[0]);
  await connection(page, 'live');
  await goTo(page, 'Meet');
  await page.waitForFunction(() => !document.querySelector('.skeleton'));
  await screenshot(page, 'families');
  assert.deepEqual(faults, []);
});

test('the page for operators', async () => {
  const {page, faults} = await operator.enter(SCREEN);
  await page.waitForFunction(() => !document.querySelector('.skeleton'));
  await screenshot(page, 'operators');
  assert.deepEqual(faults, []);
});
