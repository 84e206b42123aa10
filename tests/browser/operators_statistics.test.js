import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {goTo, openOperatorPage} from './operator_page.js';
import {screenshot, stack} from './stack.js';

let operator;

before(async () => {
  operator = await openOperatorPage();
});
after(() => operator.close());

/** Run a task of a family to its end; return its id and trace. */
function echo(page) {
  return page.evaluate(async ({name, password}) => {
    const ask = async (path, body, token) => (await fetch(path, {method: body ? 'POST' : 'GET', credentials: 'omit', body: body && JSON.stringify(body),
      headers: {'content-type': 'application/json', ...(token ? {authorization: `Bearer ${token}`} : {})}})).json();
    const {accessToken} = await ask('/auth/login', {identifier: name, password});
    const {id, traceId} = await ask('/api/tasks', {type: 'echo'}, accessToken);
    for (let task = {}; task.status !== 'completed';) task = await ask(`/api/tasks/${id}`, undefined, accessToken);
    return {id, traceId};
  }, stack.users[0]);
}

const bars = (page, kind) => page.locator(`.bars .${kind}`);
const rows = (page) => page.locator('.tasks tbody tr');

test('failures that will be retried raise an alert that links to exactly those tasks', async () => {
  const {page, faults} = await operator.enter();
  const want = page.locator('.health-line', {hasText: '4 tasks of type friend.recommendations failed and will be retried: the weather did not answer'});
  await want.waitFor();
  await page.locator('.failing [data-fingerprint="recommend-weather-51aa0e"]', {hasText: '2 owners'}).waitFor();
  assert.equal(await page.getByText('Nothing needs attention').count(), 0);
  await want.getByRole('link', {name: 'See them'}).click();
  await page.getByText('4 tasks match').waitFor();
  assert.equal(await rows(page).count(), 4);
  assert.equal(await page.getByLabel('Which').inputValue(), 'retrying');
  await screenshot(page, 'operator-retrying');
  await page.getByRole('button', {name: /^Remove the filter: failure/}).click();
  await page.locator('.filter-chip').waitFor({state: 'detached'});
  assert.deepEqual(faults, []);
});

test('each range shows its history, and a gap stays a gap', async () => {
  const {page, faults} = await operator.enter();
  await bars(page, 'bar-good').nth(30).waitFor();
  await page.getByText('1 min per bar').waitFor();
  await page.getByRole('button', {name: '6 h'}).click();
  await page.getByText('2 min per bar').waitFor();
  await bars(page, 'bar-bad').nth(100).waitFor();
  assert.ok(await page.locator('.bars title', {hasText: 'no figures'}).count() >= 28);
  assert.ok(await page.locator('[data-figure="sockets"] .curve-line').count() >= 2, 'its curve is in pieces');
  await page.getByRole('combobox', {name: 'Type'}).selectOption('echo');
  await bars(page, 'bar-bad').first().waitFor({state: 'detached'});
  await bars(page, 'bar-good').nth(100).waitFor();
  await page.reload();
  await page.getByText('2 min per bar').waitFor();
  assert.equal(await page.getByRole('combobox', {name: 'Type'}).inputValue(), 'echo', 'the address keeps it');
  await screenshot(page, 'operator-history');
  assert.deepEqual(faults, []);
});

test('changes by operators are marked and listed', async () => {
  const {page} = await operator.enter();
  await bars(page, 'bar-good').nth(30).waitFor(); // the history is there, and with it the marks
  const before = await page.locator('.bars .mark').count();
  await goTo(page, 'Flags');
  const flag = page.locator('[data-flag="amazon_places"]');
  await flag.getByRole('button', {name: 'Change amazon_places'}).click();
  const dialog = page.getByRole('dialog', {name: 'amazon_places'});
  await dialog.getByLabel('On for everybody').check();
  await dialog.getByRole('button', {name: 'Change the flag'}).click();
  await dialog.waitFor({state: 'detached'});
  await goTo(page, 'Overview');
  await page.locator('.changes').getByText('Set the flag amazon_places: on for everybody').waitFor();
  await page.waitForFunction((count) => document.querySelectorAll('.bars .mark').length > count, before);
});

test('a browser with a wrong clock shows the tasks that end now', async () => {
  const {page} = await operator.visit();
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 3_600_000;
  });
  await page.reload();
  await operator.signIn(page);
  await echo(page);
  await page.getByRole('button', {name: '15 min'}).click();
  await bars(page, 'bar-good').first().waitFor();
});

test('figures of a window link to the tasks that ended in it', async () => {
  const {page} = await operator.enter();
  const {id} = await echo(page);
  const row = page.locator('.types tbody tr', {has: page.getByRole('rowheader', {name: 'echo'})});
  await row.locator('td').nth(7).getByRole('link').click();
  await page.locator(`[data-task="${id}"]`).waitFor();
  assert.match(page.url(), /order=ended/);
  assert.equal(await page.locator('thead').getByText('Ended').count(), 1);
  await page.getByLabel('When').selectOption('Submitted within the hour');
  await page.locator('thead').getByText('Submitted').waitFor();
  await page.getByRole('button', {name: 'Running'}).click();
  assert.match(page.url(), /since=1h/);
});

test('one box finds a task by its id without hyphens, by a quoted trace, and by its owner', async () => {
  const {page} = await operator.enter();
  const {id, traceId} = await echo(page);
  const find = async (text) => {
    await goTo(page, 'Tasks');
    await page.locator('[data-search]').fill(text);
    await page.keyboard.press('Enter');
  };
  await find(id.replaceAll('-', '').toUpperCase());
  await page.getByRole('complementary', {name: 'echo'}).getByText(id).first().waitFor();
  await find(traceId);
  await page.getByText('1 task matches').waitFor();
  await page.locator(`[data-task="${id}"]`).waitFor();
  await find('900001');
  await page.waitForURL(/owner=900001/);
  await page.locator(`[data-task="${id}"]`).waitFor({state: 'detached'});
});

test('a curve has a gap where the page read nothing', async () => {
  const {page} = await operator.enter();
  const runs = await page.evaluate(async () => {
    const {runsOf} = await import('./components/figures.js');
    const point = (at, stands = 10) => ({at, stands});
    return runsOf([point(0), point(9), point(30), point(31, 100), point(120, 100), point(260)]).map((run) => run.map(({at}) => at));
  });
  assert.deepEqual(runs, [[0, 9], [30, 31, 120], [260]]);
});

test('stale data is not reported as calm', async () => {
  const {page} = await operator.visit();
  await page.route('**/ops/stats', async (route) => {
    const answer = await (await route.fetch()).json();
    const calm = {...answer, failing: [], oldestDueSeconds: 0, live: {...answer.live, dead: 0, retrying: 0, parked: 0, due: 0},
      window: {...answer.window, failureRate: 0}, load: {...answer.load, leasesLost: 0, answerMs: 1, sweepLateSeconds: 0}, busiest: null};
    await route.fulfill({json: calm});
  });
  await operator.signIn(page);
  await page.getByText('Nothing needs attention. Tasks run as they arrive').waitFor();
  await page.unroute('**/ops/stats');
  await page.route('**/ops/**', (route) => route.abort());
  await page.getByText(/Nothing needed attention at \d\d:\d\d:\d\d; later events are not known here/).waitFor();
});
