import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {connection, goTo, openStack, screenshot, signIn, stack, visit} from './stack.js';

const VIEWS = ['Meet', 'Playdates', 'Friends', 'Family', 'Inbox'];
const SCREENS = {
  light: {viewport: {width: 1440, height: 900}, colorScheme: 'light', reducedMotion: 'reduce'},
  dark: {viewport: {width: 1440, height: 900}, colorScheme: 'dark', reducedMotion: 'reduce'},
  phone: {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, isMobile: true, hasTouch: true, reducedMotion: 'reduce'},
};

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

for (const [name, options] of Object.entries(SCREENS)) {
  test(`every view is accessible and fits: ${name}`, async () => {
    const {page} = await visit(world, options);
    assert.deepEqual(await violationsOf(page), [], 'welcome');
    await screenshot(page, `${name}-welcome`);
    await signIn(page, stack.users[0]);
    await connection(page, 'live');
    for (const view of name === 'phone' ? [...VIEWS, 'Activity'] : VIEWS) {
      await goTo(page, view);
      await page.waitForFunction(() => !document.querySelector('.skeleton'));
      assert.deepEqual(await violationsOf(page), [], view);
      const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= width, `${view} is not wider than the screen`);
      await screenshot(page, `${name}-${view.toLowerCase()}`, {fullPage: true});
    }
  });
}

test('on a wide screen the bar begins and ends with the content', async () => {
  const {page} = await visit(world, {...SCREENS.light, viewport: {width: 1920, height: 1080}});
  await signIn(page, stack.users[0]);
  await connection(page, 'live');
  const edges = await page.evaluate(() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    return {bar: [box('.brand').left, box('.top-end').right], content: [box('.stage > :first-child').left, box('.rail').right]};
  });
  edges.bar.forEach((edge, side) => assert.ok(Math.abs(edge - edges.content[side]) <= 1, JSON.stringify(edges)));
});

test('the layout does not shift while the page loads', async () => {
  const {page} = await visit(world, SCREENS.light);
  await signIn(page, stack.users[0]);
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
  });
  await page.reload();
  await connection(page, 'live');
  await page.waitForFunction(() => !document.querySelector('.skeleton'));
  const shift = await page.evaluate(() => window.shift);
  assert.ok(shift < 0.1, `the page shifts by ${shift}`);
});

test('the map makes no request to another server', async () => {
  const asked = [];
  const {page} = await visit(world, SCREENS.light);
  page.on('request', (request) => asked.push(new URL(request.url()).host));
  await signIn(page, stack.users[0]);
  await page.getByRole('button', {name: 'Farther'}).click();
  await connection(page, 'live');
  assert.deepEqual([...new Set(asked)].filter((host) => host !== world.proxy.host), []);
});

test('every property of the styles is one that browsers know', async () => {
  const {page} = await visit(world);
  for (const path of ['/', '/operator/']) {
    await page.goto(`${world.proxy.url}${path}`);
    const unknown = await page.evaluate(async () => {
      const sheets = [...document.querySelectorAll('link[rel="stylesheet"]')].map(({href}) => fetch(href).then((answer) => answer.text()));
      const texts = (await Promise.all(sheets)).map((text) => text.replace(/\/\*[^]*?\*\//g, '').replace(/"[^"]*"/g, '""'));
      const names = texts.flatMap((text) => [...text.matchAll(/[{;]\s*([a-z-]+)\s*:\s*[^;{}]+(?=[;}])/g)].map(([, name]) => name));
      if (names.length < 100) throw new Error(`only ${names.length} declarations were found`);
      const descriptors = new Set(['src', 'font-display', 'unicode-range', 'size-adjust', 'ascent-override', 'descent-override', 'line-gap-override']);
      return [...new Set(names)].filter((name) => !name.startsWith('--') && !descriptors.has(name) && !CSS.supports(name, 'initial'));
    });
    assert.deepEqual(unknown, [], path);
  }
});
