import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {after, before, beforeEach, test} from 'node:test';
import {Bench} from '../../clients/javascript/test/bench.js';
import {violationsOf} from './accessibility.js';
import {launch} from './chromium.js';

// The family page with a server of the wire contract that writes streams and asks questions: it needs no stack.

const ROOT = new URL('../../', import.meta.url);
/** Path prefix to folder, the longest prefix first. */
const FOLDERS = [['/client/', 'clients/javascript/'], ['/shared/', 'web/shared/'], ['/', 'web/families/']];
const TYPES = {js: 'text/javascript', css: 'text/css', html: 'text/html', json: 'application/json', svg: 'image/svg+xml', woff2: 'font/woff2'};
const SCREENS = {
  narrow: {viewport: {width: 320, height: 640}, isMobile: true, hasTouch: true},
  phone: {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true},
  dark: {viewport: {width: 1440, height: 900}, colorScheme: 'dark'},
  light: {viewport: {width: 1440, height: 900}, colorScheme: 'light'},
};
const APPROVAL = {name: 'send', kind: 'approval', schema: {}, shown: {to: 'Chloe', message: 'See you at 14:00?\nBring boots.'}, expiresAt: new Date(Date.now() + 3_600_000).toISOString(), answerToken: 'ask_1'};
const CHOICE = {
  name: 'day', kind: 'signal', shown: null, expiresAt: null, answerToken: 'ask_2',
  schema: {type: 'object', properties: {day: {type: 'string', title: 'Day', enum: ['Saturday', 'Sunday']}}, required: ['day']},
};

let browser;
let bench;
let asks;
let answers;

before(async () => {
  browser = await launch();
});
after(() => browser.close());

beforeEach(async (t) => {
  bench = await new Bench().open();
  [asks, answers] = [[], []];
  bench.static = serve;
  bench.route = route;
  t.after(() => bench.close());
});

function serve(path, response) {
  if (/^\/(api|auth)\//.test(path)) return false;
  const [prefix, folder] = FOLDERS.find(([start]) => path.startsWith(start));
  const name = path === '/' ? 'index.html' : path.slice(prefix.length);
  const file = new URL(folder + name, ROOT);
  if (!existsSync(file)) response.writeHead(404).end();
  else response.writeHead(200, {'content-type': TYPES[name.split('.').at(-1)] ?? 'text/plain'}).end(readFileSync(file));
  return true;
}

/** The routes of questions: the first answer counts. */
function route(method, path, body) {
  if (path === '/auth/renew') return [200, {accessToken: 'x', expiresIn: 1200}];
  if (path === '/api/tasks/asks') return [200, {items: asks}];
  const [, taskId, name] = /^\/api\/tasks\/([^/]+)\/signals\/(.+)$/.exec(path) ?? [];
  if (!taskId) return undefined;
  const open = asks.find((ask) => ask.taskId === taskId && ask.name === name);
  if (!open) return [409, {code: 'already_answered', message: 'You have answered this already.', answeredBy: 'you', answeredAt: new Date().toISOString()}];
  answers.push(body.value);
  asks = asks.filter((ask) => ask !== open);
  bench.emit(taskId, {asks: undefined}, 'signal');
  return [202, {taskId, name}];
}

function askIn(type, ask) {
  const id = bench.create(type);
  asks.push({...ask, taskId: id});
  bench.emit(id, {status: 'pending', asks: [ask]}, 'waiting');
  return id;
}

async function open(t, {view = 'activity', ...options} = {}) {
  const context = await browser.newContext({locale: 'en-GB', timezoneId: 'Europe/Paris', viewport: {width: 1440, height: 900}, ...options});
  context.setDefaultTimeout(120_000);
  t.after(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(() => {
    localStorage.setItem('playmate-user', JSON.stringify({id: 1, name: 'Amira'}));
    localStorage.setItem('playmate-session-ends', String(Date.now() + 1_200_000));
  });
  await page.goto(`${bench.url}/#${view}`);
  await page.locator('.connection[data-state="live"]').waitFor({state: 'attached'});
  return page;
}

/** Wait until the visible text of an answer is exactly this; its caret is no text. */
function shows(page, text) {
  return page.waitForFunction((wanted) => {
    const element = [...document.querySelectorAll('.growing-text')].find((each) => each.checkVisibility());
    return element && [...element.childNodes].filter(({nodeType}) => nodeType === 3).map(({data}) => data).join('') === wanted;
  }, text);
}

const note = (page, text) => page.locator('.growing-note:visible', {hasText: text}).waitFor();

function started(type = 'echo') {
  const id = bench.create(type);
  bench.emit(id, {status: 'processing', attempts: 1});
  return id;
}

test('an answer grows, begins anew, survives a lost connection, and ends with its words counted', async (t) => {
  const page = await open(t);
  const id = started();
  bench.write(id, 'answer', 'Two trees, one goal: ');
  await shows(page, 'Two trees, one goal: ');
  await note(page, 'Writing');
  const text = page.locator('.growing-text:visible');
  assert.deepEqual([await text.getAttribute('aria-busy'), await text.getAttribute('aria-live'), await text.locator('.caret').getAttribute('aria-hidden')], ['true', 'off', 'true']);
  for (const part of ['take turns ', 'as keeper 🥅 ', 'after each goal.']) bench.write(id, 'answer', part);
  await shows(page, 'Two trees, one goal: take turns as keeper 🥅 after each goal.');

  bench.write(id, 'answer', 'A treasure hunt', {restart: true});
  await shows(page, 'A treasure hunt');
  await note(page, 'Starting over');

  bench.cut();
  await note(page, 'Connection lost, goes on by itself');
  assert.equal(await page.locator('.growing-text:visible .caret').count(), 0, 'nothing grows without a connection');
  bench.restore();
  bench.write(id, 'answer', ' in the park');
  await shows(page, 'A treasure hunt in the park');
  bench.write(id, 'answer', '.', {done: true});
  bench.finish(id, {message: 'Done.'});
  await shows(page, 'A treasure hunt in the park.');
  await note(page, 'Finished, 6 words');
  assert.equal(await text.getAttribute('aria-busy'), 'false');
});

test('a long answer follows its end only while the reader is there', async (t) => {
  const page = await open(t);
  const id = started();
  bench.write(id, 'answer', 'A line of the answer.\n'.repeat(60));
  const box = page.locator('.growing-box:visible');
  await page.waitForFunction(() => {
    const element = [...document.querySelectorAll('.growing-box')].find((each) => each.checkVisibility());
    return element && element.scrollHeight > element.clientHeight && element.scrollTop + element.clientHeight >= element.scrollHeight - 2;
  });
  await box.evaluate((element) => element.scrollTo(0, 0));
  await page.getByRole('button', {name: 'More below'}).waitFor();
  bench.write(id, 'answer', 'One more.');
  await shows(page, `${'A line of the answer.\n'.repeat(60)}One more.`);
  assert.equal(await box.evaluate((element) => element.scrollTop), 0);
  await page.getByRole('button', {name: 'More below'}).click();
  await page.getByRole('button', {name: 'More below'}).waitFor({state: 'detached'});
});

test('Stop keeps the text and says so; with less motion an answer grows by sentences', async (t) => {
  const page = await open(t, {reducedMotion: 'reduce'});
  const id = started();
  bench.write(id, 'answer', 'It begins.');
  await shows(page, 'It begins.');
  bench.write(id, 'answer', ' A second one. And a thi');
  await shows(page, 'It begins. A second one. ');
  await page.getByRole('button', {name: 'Stop'}).click();
  await note(page, 'Stopped');
  await shows(page, 'It begins. A second one. And a thi');
});

test('a question is answered once, and both browsers know it', async (t) => {
  const [one, two] = [await open(t), await open(t)];
  askIn('echo', APPROVAL);
  for (const page of [one, two]) {
    const ask = page.locator('.asked:visible', {hasText: 'Bring boots.'});
    await ask.waitFor();
    const shown = await ask.locator('dd').allInnerTexts();
    assert.deepEqual(shown, ['Chloe', 'See you at 14:00?\nBring boots.'], 'exactly what will be done');
    await ask.getByText(/^Answer until /).waitFor();
  }
  await one.locator('.asked:visible').getByLabel('Note, if you like').fill('Gladly');
  await one.locator('.asked:visible').getByRole('button', {name: 'Approve: Echo'}).press('Enter');
  for (const page of [one, two]) await page.locator('.asked').first().waitFor({state: 'detached'});
  assert.deepEqual(answers, [{decision: 'approved', note: 'Gladly'}]);
  assert.equal(await one.evaluate(() => document.activeElement.tagName), 'H2', 'the focus stays near the list');
});

test('a second answer says who was first', async (t) => {
  const page = await open(t);
  askIn('echo', APPROVAL);
  const refuse = page.locator('.asked:visible').getByRole('button', {name: 'Refuse: Echo'});
  await refuse.waitFor();
  asks = []; // answered on another device, whose update has not come
  await refuse.click();
  await page.locator('.toast', {hasText: /^You have answered this already, at \d/}).waitFor();
  await page.locator('.asked').first().waitFor({state: 'detached'});
  assert.deepEqual(answers, []);
});

test('a choice is answered by keyboard alone', async (t) => {
  const page = await open(t);
  askIn('echo', CHOICE);
  await page.locator('.asked:visible').getByLabel('Saturday').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('.asked').first().waitFor({state: 'detached'});
  assert.deepEqual(answers, [{day: 'Sunday'}]);
});

for (const [name, options] of Object.entries(SCREENS)) {
  test(`questions and a growing answer are accessible and fit: ${name}`, async (t) => {
    const page = await open(t, options);
    askIn('echo', {...APPROVAL, shown: {to: 'محمد'.repeat(12), message: 'x'.repeat(90), times: {from: 14, to: 16}}});
    askIn('echo', CHOICE);
    bench.write(started(), 'answer', `${'w'.repeat(80)} and so on`);
    await page.locator('.asked:visible').nth(1).waitFor();
    await shows(page, `${'w'.repeat(80)} and so on`);
    assert.deepEqual(await violationsOf(page), []);
    const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= width, `${content} is not wider than ${width}`);
    const [part, whole] = await page.locator('.ask-shown:visible').evaluate((element) => [element.clientWidth, element.closest('.asked').clientWidth]);
    assert.ok(part > whole * 0.8, 'what is asked has the width of its card');
  });
}
