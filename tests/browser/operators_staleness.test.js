import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {goTo, openOperatorPage} from './operator_page.js';
import {screenshot, stack} from './stack.js';

const PAGE = 50;

let operator;

before(async () => {
  operator = await openOperatorPage();
});
afterEach(() => operator.leave());
after(() => operator.close());

const pulse = (page, state) => page.locator(`.freshness[data-state="${state}"]`);
const rows = (page) => page.locator('.tasks tbody tr');

/** Call the API from the page's origin as one of the stack's users; return the JSON of the answer. */
function ask(page, credentials, method, path, body) {
  return page.evaluate(async ({name, password, method, path, body}) => {
    const send = async (method, path, body, token) => (await fetch(path, {method, credentials: 'omit', body: body && JSON.stringify(body),
      headers: {'content-type': 'application/json', ...(token ? {authorization: `Bearer ${token}`} : {})}})).json();
    const {accessToken} = await send('POST', '/auth/login', {identifier: name, password});
    return send(method, path, body, accessToken);
  }, {...credentials, method, path, body});
}

const family = stack.users[0];
const boss = stack.users.find(({role}) => role === 'operator');
const later = async (page) => (await ask(page, family, 'POST', '/api/tasks', {type: 'echo', scheduleAt: new Date(Date.now() + 86_400_000)})).id;
const cancel = (page, id) => ask(page, boss, 'POST', `/ops/tasks/${id}/cancel`);

/** Serve pages of tasks from `list`, newest first; the test changes it while the page reads. */
async function playTasks(page, list) {
  await page.route(/\/ops\/tasks\?/, (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor');
    const left = list.filter(({id}) => !cursor || id < cursor);
    const items = left.slice(0, PAGE);
    return route.fulfill({json: {items, nextCursor: left.length > PAGE ? items.at(-1).id : null}});
  });
}

const played = (number, status = 'pending') => ({
  id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`, type: 'echo', owner: '1', status, attempts: 0, maxAttempts: 3,
  nextRunAt: null, createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', progress: null, errorDetail: null,
});

test('a view that cannot be read says so above its old data, while the others continue', async () => {
  const {page, faults} = await operator.enter();
  await goTo(page, 'Flags');
  await page.locator('.flags li').first().waitFor();
  await page.route('**/ops/flags', (route) => route.fulfill({status: 403, json: {message: 'Not today.'}}));
  const notice = page.locator('.notice', {hasText: /Not today\. The data is from \d\d:\d\d:\d\d\./});
  await notice.waitFor();
  assert.ok(await page.locator('.flags li').count());
  assert.match(await pulse(page, 'stale').innerText(), /Stale, as of \d\d:\d\d:\d\d/);
  assert.equal(await page.locator('.trouble p').count(), 0);
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'operator-old');
  await page.unroute('**/ops/flags');
  await notice.getByRole('button', {name: 'Try again'}).click();
  await notice.waitFor({state: 'detached'});
  await pulse(page, 'live').waitFor();
  assert.deepEqual(faults, []);
});

test('a read without an answer is stale at first and aborted after ten seconds', async () => {
  const {page} = await operator.enter();
  await goTo(page, 'Audit');
  await page.locator('.quiet-line, table.audit').first().waitFor();
  await page.route('**/ops/audit**', () => {});
  // It may still answer: at first the data is stale without a notice.
  await page.waitForFunction(() => document.querySelector('.freshness[data-state="stale"]') && !document.querySelector('.notice'));
  await page.locator('.notice', {hasText: 'took too long to answer. The data is from'}).waitFor();
});

test('a paused page shows the time of its data, also on a phone', async () => {
  const {page} = await operator.enter({viewport: {width: 390, height: 844}});
  await page.keyboard.press('p');
  assert.match(await pulse(page, 'paused').getAttribute('aria-label'), /^Paused, as of \d\d:\d\d:\d\d\./);
  assert.match(await pulse(page, 'paused').innerText(), /^\d\d:\d\d:\d\d$/);
  const edges = await page.evaluate(() => [...document.querySelectorAll('.top-end > *')].map((part) => part.getBoundingClientRect().right));
  assert.ok(Math.max(...edges) <= 390, 'what stands beside it is on the screen');
  await page.keyboard.press('p');
  await pulse(page, 'live').waitFor();
});

test('a full storage and a malformed address break nothing', async () => {
  const {page, faults, context} = await operator.enter();
  await context.addInitScript(() => {
    const keep = Storage.prototype.setItem;
    Storage.prototype.setItem = function set(name, value) {
      if (name === 'operator-history') throw new DOMException('full', 'QuotaExceededError');
      return keep.call(this, name, value);
    };
  });
  await page.goto(`${page.url().split('#')[0]}?again#tasks/%E0`);
  await page.getByRole('heading', {level: 1, name: 'Tasks'}).waitFor();
  await goTo(page, 'Overview');
  await page.locator('.figure-value').first().waitFor();
  await page.waitForResponse('**/ops/stats');
  assert.deepEqual(faults, []);
});

test('a task that no longer matches its filter is marked, and nothing is newer', async () => {
  const {page} = await operator.enter();
  const id = await later(page);
  await goTo(page, 'Tasks');
  await page.getByRole('group', {name: 'Status'}).getByRole('button', {name: 'Pending'}).click();
  await page.locator('.list-line', {hasText: 'match'}).waitFor();
  const row = page.locator(`[data-task="${id}"]`);
  await row.getByText('Pending').waitFor();
  const before = await rows(page).count();
  await cancel(page, id);
  await row.getByText('No longer matches').waitFor();
  assert.equal(await page.getByText(/newer/).count(), 0);
  assert.equal(await rows(page).count(), before);
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'operator-gone');
  await page.getByRole('button', {name: /^\d+ no longer match: hide$/}).click();
  await row.waitFor({state: 'detached'});
});

test('rows of older pages are updated too, and new rows among them are counted', async () => {
  const {page} = await operator.enter();
  const list = Array.from({length: 120}, (_, i) => played(500 - 2 * i));
  await playTasks(page, list);
  await goTo(page, 'Tasks');
  for (const shown of [100, 120]) {
    await page.getByRole('button', {name: 'Older tasks'}).click();
    await page.waitForFunction((count) => document.querySelectorAll('.tasks tbody tr').length === count, shown);
  }
  list[70] = {...list[70], status: 'completed'};
  list.splice(110, 1);
  await rows(page).nth(70).getByText('Completed').waitFor();
  await rows(page).nth(110).getByText('No longer matches').waitFor();
  assert.equal(await page.locator('tr[data-gone="true"]').count(), 1);
  list.splice(1, 0, played(499));
  await page.getByRole('button', {name: '1 new: show'}).waitFor();
  list.unshift(...Array.from({length: PAGE}, (_, i) => played(700 - i)));
  await page.getByRole('button', {name: 'Many newer: show'}).click();
  await page.waitForFunction((count) => document.querySelectorAll('.tasks tbody tr').length === count, PAGE);
});

test('a task is found by an id without hyphens', async () => {
  const {page} = await operator.enter();
  const id = await later(page);
  await page.keyboard.press('/');
  await page.locator('[data-search]:focus').waitFor();
  await page.keyboard.type(id.replaceAll('-', '').toUpperCase());
  await page.keyboard.press('Enter');
  await page.locator('.facts').getByText(id).waitFor();
  await page.route(`**/ops/tasks/${id}*`, (route) => route.fulfill({status: 404, json: {message: 'There is no such task.'}}));
  await page.locator('.task-detail .notice', {hasText: 'There is no such task. The data is from'}).waitFor();
  await page.unroute(`**/ops/tasks/${id}*`);
  await cancel(page, id);
});

test('a long history shows its newest part, and a refused retry shows its error', async () => {
  const {page} = await operator.enter();
  const id = await later(page);
  await page.route(`**/ops/tasks/${id}`, async (route) => {
    const task = await (await route.fetch()).json();
    return route.fulfill({json: {...task, status: 'dead-letter', eventsTruncated: true}});
  });
  await page.route('**/retry', (route) => route.fulfill({status: 429, json: {message: 'x'}}));
  await page.goto(`${page.url().split('#')[0]}#tasks/${id}`);
  await page.getByText('the newest 1 event').waitFor();
  await page.getByRole('button', {name: 'Retry'}).click();
  await page.getByText('Too many requests\. Wait').waitFor();
  await cancel(page, id);
});

test('a change that would end a rollout names it, and the rollout can be aborted', async () => {
  const {page} = await operator.enter();
  await ask(page, boss, 'PUT', '/ops/flags/tried_slowly', {percent: 10, gradual: true});
  await goTo(page, 'Flags');
  const under = page.locator('[data-rollout]', {hasText: 'the rollout of tried_slowly (version'});
  await under.waitFor();
  await page.locator('[data-flag="tried_slowly"]', {hasText: /set .* by operator/}).waitFor();
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', {name: 'Change amazon_places'}).click();
  await dialog.getByText(/Under way: the rollout of tried_slowly .* A change at once ends it/).waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'operator-rollout');
  await under.getByRole('button', {name: 'Take back…'}).click();
  await dialog.getByRole('button', {name: 'Take it back'}).click();
  await under.waitFor({state: 'detached'});
  assert.equal(await page.locator('[data-flag="tried_slowly"]').count(), 0);

  await goTo(page, 'Audit');
  await page.getByText('Took back the rollout of tried_slowly').first().waitFor();
  await page.getByLabel('Action').selectOption('abort');
  await page.waitForFunction(() => [...document.querySelectorAll('.audit .chip')].every((chip) => chip.textContent.startsWith('abort')));
  await page.getByText(/Started: Took back rollout \d+ of the flags/).first().waitFor();
  await page.getByLabel('Operator').fill('nobody at all');
  await page.keyboard.press('Enter');
  await page.getByText('No entry matches these filters.').waitFor();
  assert.match(page.url(), /actor=nobody/);
});
