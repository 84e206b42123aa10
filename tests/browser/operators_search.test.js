import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {goTo, openOperatorPage} from './operator_page.js';
import {newFamily, screenshot} from './stack.js';

let operator;

before(async () => {
  operator = await openOperatorPage();
});
afterEach(() => operator.leave());
after(() => operator.close());

/** Sign up a family, let it make three requests for a name that does not exist, and return its ids. */
function mistypedRequests(page) {
  return page.evaluate(async (family) => {
    const ask = async (method, path, body, token) => (await fetch(path, {method, credentials: 'omit', body: body && JSON.stringify(body),
      headers: {'content-type': 'application/json', ...(token ? {authorization: `Bearer ${token}`} : {})}})).json();
    const {data: [{id}], accessToken} = await ask('POST', '/auth/signup', family);
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push((await ask('POST', '/api/tasks', {type: 'friend.ask', payload: {friendName: `Typo ${n}`}}, accessToken)).id);
    for (const task of ids) {
      for (let status = ''; status !== 'failed';) ({status} = await ask('GET', `/api/tasks/${task}`, undefined, accessToken));
    }
    return {owner: String(id), name: family.name, ids};
  }, newFamily());
}

const rows = (page) => page.locator('.tasks tbody tr');

test('tasks are found by what the table shows, and the page says how it understood the search', async () => {
  const {page, faults} = await operator.enter();
  const {owner, name, ids} = await mistypedRequests(page);
  await goTo(page, 'Tasks');
  const field = page.locator('[data-search]');
  const find = async (text, meaning) => {
    await field.fill(text);
    await page.getByRole('option', {name: meaning}).click();
  };
  await find(ids[0].slice(-8), `id ends with ${ids[0].slice(-8)}`);
  await page.locator('.filter-chip', {hasText: `id ends with ${ids[0].slice(-8)}`}).waitFor();
  await page.getByText('1 task matches').waitFor();
  await page.locator(`[data-task="${ids[0]}"]`).waitFor();

  await find(name, `owner: ${name} (${owner})`);
  await page.locator('.filter-chip', {hasText: `owner: ${name} (${owner})`}).waitFor();
  await page.getByText('3 tasks match').waitFor();
  await screenshot(page, 'operator-search');

  await page.getByRole('button', {name: /^Remove the filter: owner/}).click();
  await page.locator('.filter-chip').waitFor({state: 'detached'});
  await find('no family called “Typo 1”', 'error contains “no family called “Typo 1””');
  await page.locator(`[data-task="${ids[1]}"]`).waitFor();
  await rows(page).first().waitFor();
  assert.match(page.url(), /since=24h/);

  await find('friend.ask', 'type: friend.ask');
  await page.waitForURL(/type=friend\.ask/);
  assert.deepEqual(faults, []);
});

test('three typing mistakes of a family are no failures', async () => {
  const {page} = await operator.enter();
  await mistypedRequests(page);
  // The figures are those of one answer of the API: the refusals are counted, and the rate is that of dead letters alone.
  const answer = await page.waitForResponse(async (response) => response.url().endsWith('/ops/stats') && response.ok() && (await response.json()).window.ended.failed >= 3);
  const {window: {ended, failureRate}} = await answer.json();
  const rate = ended['dead-letter'] / (ended.completed + ended.failed + ended['dead-letter']);
  assert.ok(Math.abs(failureRate - rate) <= 0.0001, `${failureRate} is ${rate}, rounded by the API`);
  await page.locator('[data-figure="failureRate"] .figure-more', {hasText: /[1-9]\d* refused, which is no failure/}).waitFor();
  assert.equal(await page.locator('[data-alert="rate"]', {hasText: 'refused'}).count(), 0);
});

test('closing a task returns the focus to its row', async () => {
  const {page} = await operator.enter();
  await mistypedRequests(page);
  await goTo(page, 'Tasks');
  await rows(page).first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const {task} = await page.waitForFunction(() => document.activeElement.id === 'task-detail-title' && {task: location.hash}).then((handle) => handle.jsonValue());
  await page.keyboard.press('Escape');
  await page.waitForFunction((hash) => hash.includes(document.activeElement.closest('[data-task]')?.dataset.task ?? 'none'), task);
});

test('a refused task runs again with an edited payload, and the audit says so', async () => {
  const {page, faults} = await operator.enter();
  const {ids} = await mistypedRequests(page);
  await page.goto(`${page.url().split('#')[0]}#tasks/${ids[0]}`);
  const detail = page.getByRole('complementary', {name: 'friend.ask'});
  await detail.locator('.why-text', {hasText: /^Refused: We know no family called/}).waitFor();
  await detail.getByRole('button', {name: 'Run again…'}).click();
  const dialog = page.getByRole('dialog', {name: 'Run this task again?'});
  await dialog.getByLabel('Payload').fill('{"friendName": ');
  await dialog.getByLabel('Why').fill('a support request');
  await dialog.getByRole('button', {name: 'Run again'}).click();
  await dialog.getByText('The payload is not valid JSON').waitFor();
  await dialog.getByLabel('Payload').fill('{"friendName": "Another Typo"}');
  await dialog.getByRole('button', {name: 'Run again'}).click();
  await dialog.waitFor({state: 'detached'});
  await detail.locator('.why-text', {hasText: 'Another Typo'}).waitFor();
  assert.ok(!page.url().includes(ids[0]), 'the new task is open');
  await goTo(page, 'Audit');
  await page.getByText(/^Ran task [0-9a-f]{8} again as [0-9a-f]{8} with an edited payload: a support request/).first().waitFor();
  assert.deepEqual(faults, []);
});
