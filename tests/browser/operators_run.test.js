import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {after, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {launch} from './chromium.js';

// The operator page with the fixed answers of a run of a hundred tasks: it needs no stack.

const ROOT = new URL('../../', import.meta.url);
/** Path prefix to folder, the longest prefix first. */
const FOLDERS = [['/client/', 'clients/javascript/'], ['/shared/', 'web/shared/'], ['/operator/', 'web/operators/']];
const TYPES = {js: 'text/javascript', css: 'text/css', html: 'text/html', svg: 'image/svg+xml', woff2: 'font/woff2'};
const SCREENS = {320: {isMobile: true, hasTouch: true}, 820: {}, 1440: {colorScheme: 'dark'}, 1920: {}};

const START = Date.parse('2026-11-30T12:00:00Z');
const at = (ms) => new Date(START + ms).toISOString();
const span = (kind, start, end, more = {}) => ({kind, name: null, attempt: null, start: at(start), end: end === null ? null : at(end), outcome: null, unexplainedMs: null, worker: null, ...more});
const idOf = (number) => `018f0000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const node = (number, parent, type, spans, more = {}) => ({
  id: idOf(number), parentId: parent === null ? null : idOf(parent), type, status: 'completed', attempts: 1, maxAttempts: 3, owner: '1', createdAt: at(0), finishedAt: at(5_000), spans, ...more,
});

/** A root with five parts; each has a few children, one of which is retried, and the root has 70 more of one type. */
function runOf({isOver = true} = {}) {
  const root = node(0, null, 'trip.plan', [
    span('queued', 0, 21), span('attempt', 21, 900, {attempt: 1, outcome: 'waiting', worker: 'worker-1', unexplainedMs: 600}), span('step', 100, 250, {attempt: 1, name: 'ask the model'}), span('children', 900, isOver ? 4_900 : null, {name: 'parts'}),
    ...(isOver ? [span('attempt', 4_900, 5_000, {attempt: 2, outcome: 'completed', worker: 'worker-2'})] : []),
  ], isOver ? {} : {status: 'pending', finishedAt: null});
  const parts = Array.from({length: 5}, (_, i) => node(1 + i, 0, `trip.part${i}`, [span('queued', 900, 920), span('attempt', 920, 1_500 + i * 200, {attempt: 1, outcome: 'completed'})], {finishedAt: at(1_500 + i * 200)}));
  const inner = Array.from({length: 24}, (_, i) => node(10 + i, 1 + (i % 5), 'place.find', [
    span('queued', 1_000, 1_010), span('attempt', 1_010, 1_100, {attempt: 1, outcome: i === 7 ? 'retrying' : 'completed'}), ...(i === 7 ? [span('retry-wait', 1_100, 1_200), span('attempt', 1_200, 1_300, {attempt: 2, outcome: 'completed'})] : []),
  ], {finishedAt: at(1_300)}));
  const many = Array.from({length: 70}, (_, i) => node(100 + i, 0, 'photo.resize', [span('queued', 900, 950), span('attempt', 950, 1_000 + i * 50, {attempt: 1, outcome: 'completed'})], {status: i === 3 ? 'dead-letter' : 'completed', finishedAt: at(1_000 + i * 50)}));
  return {taskId: idOf(1), rootId: idOf(0), at: at(5_000), truncated: false, totals: {queueMs: 21, stepMs: 150, otherMs: 829, waitMs: 4_000}, nodes: [root, ...parts, ...inner, ...many]};
}

let server;
let browser;
let address;
let run;
let reads;

before(async () => {
  server = createServer(serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});
after(async () => {
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(request, response) {
  const {pathname} = new URL(request.url, address);
  const json = (status, value) => response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(value));
  if (pathname.endsWith('/tree')) {
    reads += 1;
    return json(200, run);
  }
  if (/^\/(ops|api|auth)\//.test(pathname)) return json(404, {message: 'There is no such route.'});
  const [prefix, folder] = FOLDERS.find(([start]) => pathname.startsWith(start)) ?? ['/', 'web/operators/'];
  const name = pathname === prefix ? 'index.html' : pathname.slice(prefix.length);
  const file = await readFile(new URL(folder + name, ROOT)).catch(() => undefined);
  return response.writeHead(file ? 200 : 404, {'content-type': TYPES[name.split('.').at(-1)] ?? 'text/plain'}).end(file);
}

async function open(t, options = {}, shown = runOf()) {
  [run, reads] = [shown, 0];
  const context = await browser.newContext({reducedMotion: 'reduce', locale: 'en-GB', viewport: {width: 1440, height: 900}, ...options});
  context.setDefaultTimeout(120_000);
  t.after(() => context.close());
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  await page.addInitScript(() => sessionStorage.setItem('operator-session', JSON.stringify({user: {id: 9, name: 'operator'}, token: 't', ends: Date.now() + 1e6})));
  await page.goto(`${address}/operator/#run/${idOf(1)}`);
  await page.getByRole('treegrid').waitFor();
  t.after(() => assert.deepEqual(faults, []));
  return page;
}

const rowOf = (page, name) => page.locator('.run-row[tabindex]', {has: page.locator('.run-text', {hasText: new RegExp(`^${name}$`)})}).first();
const inFocus = (page) => page.evaluate(() => document.activeElement.querySelector('.run-text')?.textContent);

test('a run of a hundred tasks shows where its time went', async (t) => {
  const page = await open(t);
  assert.equal(await page.getByRole('heading', {level: 1}).innerText(), 'trip.plan');
  assert.match(await page.locator('.run-totals').innerText(), /Queue\s+21 ms\s+Steps\s+150 ms\s+Outside any step\s+829 ms\s+Waiting\s+4\.0 s/);
  assert.match(await rowOf(page, 'trip.part0').innerText(), /this task/);
  assert.match(await rowOf(page, 'Attempt 1').innerText(), /600 ms outside any step/);
  const fold = rowOf(page, 'photo.resize × 70');
  assert.match(await fold.innerText(), /69 completed, 1 failed/);
  const before = await page.locator('.run-row').count();
  await fold.locator('.run-fold').click();
  assert.equal(await page.locator('.run-row').count(), before + 70);
  const heights = await page.locator('.run-row').evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
  assert.ok(Math.min(...heights) >= 24, 'each row is high enough to be read and pressed');
});

test('arrows walk the run, Enter shows details, and Escape returns to the row', async (t) => {
  const page = await open(t);
  await rowOf(page, 'trip.plan').focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await inFocus(page), 'Queued');
  await page.keyboard.press(']');
  assert.match(await inFocus(page), /photo\.resize × 70|Attempt 1/);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.locator('.run-row[tabindex]').count(), 1, 'the run is folded');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await inFocus(page), 'Attempt 1');
  await page.keyboard.press('Enter');
  const details = page.getByRole('region', {name: 'Selected'});
  await details.getByText('worker-1').waitFor();
  await details.getByRole('link').focus();
  await page.keyboard.press('Escape');
  await details.waitFor({state: 'detached'});
  assert.equal(await inFocus(page), 'Attempt 1');
});

test('a running run grows and ends by itself', async (t) => {
  const page = await open(t, {}, runOf({isOver: false}));
  await rowOf(page, 'Waits for children: parts').getByText('Goes on').waitFor();
  run = runOf();
  await rowOf(page, 'Attempt 2').waitFor();
  assert.ok(reads >= 2);
});

for (const [width, options] of Object.entries(SCREENS)) {
  test(`the waterfall and its table are accessible and fit: ${width} px`, async (t) => {
    const page = await open(t, {viewport: {width: Number(width), height: 800}, ...options});
    const fits = async () => {
      const [content, wide] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= wide, `${content} is not wider than ${wide}`);
    };
    assert.deepEqual(await violationsOf(page), []);
    await fits();
    await page.getByRole('button', {name: 'Table'}).click();
    await page.getByRole('table').waitFor();
    assert.equal(await page.getByRole('table').locator('tbody tr').count() > 100, true, 'every task has its row');
    assert.deepEqual(await violationsOf(page), [], 'the table');
    await fits();
  });
}
