import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {OPERATOR, fillIn, goTo, openOperatorPage} from './operator_page.js';
import {screenshot, stack} from './stack.js';

let operator;

before(async () => {
  operator = await openOperatorPage();
});
after(() => operator.close());

const group = (page, fingerprint) => page.locator(`.group[data-fingerprint="${fingerprint}"]`);

/** Submit a task of a family that is due tomorrow; return its id. */
function submitLater(page) {
  return page.evaluate(async ({name, password}) => {
    const ask = async (path, body, token) => (await fetch(path, {method: 'POST', credentials: 'omit', body: JSON.stringify(body),
      headers: {'content-type': 'application/json', ...(token ? {authorization: `Bearer ${token}`} : {})}})).json();
    const {accessToken} = await ask('/auth/login', {identifier: name, password});
    return (await ask('/api/tasks', {type: 'echo', scheduleAt: new Date(Date.now() + 86_400_000)}, accessToken)).id;
  }, stack.users[0]);
}

async function cancel(page, detail) {
  await detail.getByRole('button', {name: 'Cancel…'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Cancel the task'}).click();
  await page.getByRole('dialog').waitFor({state: 'detached'});
  await detail.locator('.why-text', {hasText: 'Cancelled after'}).waitFor();
}

test('only operators can sign in', async () => {
  const {page, context} = await operator.visit();
  await fillIn(page, stack.users[0]);
  await page.getByRole('alert').filter({hasText: 'not an operator'}).waitFor();
  assert.equal(await page.locator('.top').count(), 0);
  assert.deepEqual(await context.cookies(), [], 'a sign-in here leaves no cookie');
  await fillIn(page, {...OPERATOR, password: 'not this one'});
  await page.getByRole('alert').filter({hasText: /\w/}).filter({hasNotText: 'not an operator'}).waitFor();
  await screenshot(page, 'operator-refused');
});

test('a group of dead letters is previewed, redriven in stages, and recorded in the audit', async () => {
  const {page, faults} = await operator.enter();
  await page.getByText('used up their attempts').waitFor();
  await goTo(page, 'Dead letters');
  const repaired = group(page, 'echo-timeout-3f9a1c');
  await repaired.getByText('12', {exact: true}).waitFor();
  await repaired.getByText('TimeoutError: the weather service did not answer').waitFor();
  await repaired.getByText('1.4.0').waitFor();
  await repaired.getByText('3 owners').waitFor();

  await repaired.getByRole('button', {name: 'Redrive 12 tasks'}).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This would redrive 12 tasks.').waitFor();
  await dialog.locator('.preview-groups li', {hasText: 'echo of 3 owners, version 1.4.0, echo-timeout-3f9a1c'}).waitFor();
  await screenshot(page, 'operator-preview');
  await page.keyboard.press('Escape');
  await repaired.getByText('12', {exact: true}).waitFor();

  await repaired.getByRole('button', {name: 'Redrive 12 tasks'}).click();
  assert.ok(await dialog.getByLabel('In stages').isChecked());
  await dialog.getByRole('button', {name: 'Redrive one first'}).click();
  await page.locator('.staged[data-redrive-state="done"]', {hasText: '12 of 12'}).waitFor();
  await repaired.waitFor({state: 'detached'});
  await screenshot(page, 'operator-redriven');

  await goTo(page, 'Audit');
  await page.getByText('Redrove 12 dead letters (type echo, failure echo-timeout-3f9a1c, version 1.4.0), in stages').waitFor();
  await page.getByText('(you)').first().waitFor();
  await screenshot(page, 'operator-audit');
  assert.deepEqual(faults, []);
});

test('a staged redrive stops when the failure comes back', async () => {
  const {page} = await operator.enter();
  await goTo(page, 'Dead letters');
  await group(page, 'point-owner-77b0de').getByRole('button', {name: 'Redrive 3 tasks'}).click();
  await page.getByRole('dialog').getByRole('button', {name: 'Redrive one first'}).click();
  const stopped = page.locator('.staged[data-redrive-state="stopped"]', {hasText: '1 of 3'});
  await stopped.getByText('came back').waitFor();
  await screenshot(page, 'operator-stopped');
  await stopped.getByRole('link', {name: /Details of/}).click();
  await page.getByRole('complementary', {name: 'location.playdate.update'}).waitFor();
});

test('a group without a fingerprint is redriven at a rate until it is stopped, and has a second page', async () => {
  const {page, faults} = await operator.enter();
  await goTo(page, 'Dead letters');
  const flood = page.locator('.group[data-fingerprint=""]');
  await flood.getByRole('button', {name: 'Redrive 130 tasks'}).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This would redrive 130 tasks.').waitFor();
  await dialog.locator('.preview-groups li').first().waitFor();
  assert.equal(await dialog.locator('.preview-groups li').count(), 1);
  await dialog.getByLabel('All', {exact: false}).last().check();
  await dialog.getByLabel('At most, tasks a second').fill('0.05');
  await dialog.getByRole('button', {name: 'Redrive 130 tasks'}).click();
  await page.locator('.staged[data-redrive-state="running"]', {hasText: 'of 130 redriven, 0.05 a second'}).getByText('not over yet').waitFor();
  await screenshot(page, 'operator-at-a-rate');
  await page.locator('.staged[data-redrive-state="running"]').getByRole('button', {name: 'Stop'}).click();
  const stopped = page.locator('.staged[data-redrive-state="stopped"]', {hasText: 'of 130'});
  await stopped.getByText('Stopped by').waitFor();
  const left = 130 - Number((await stopped.locator('.staged-text').innerText()).match(/^\d+/)[0]);
  await flood.locator('.group-count', {hasText: String(left)}).waitFor();
  await flood.locator('.group-toggle').click();
  await flood.getByText(`The oldest 100 of ${left}`).waitFor();
  await flood.getByRole('button', {name: 'Newer ones'}).click();
  await flood.getByText(`${left} tasks; select some`).waitFor();
  assert.equal(await flood.getByRole('checkbox').count(), left);
  assert.deepEqual(faults, []);
});

test('staged redrives that cannot be read say so', async () => {
  const {page} = await operator.enter();
  await page.route('**/ops/redrives', (route) => route.fulfill({status: 503, contentType: 'application/json', body: '{"message": "The database is busy just now."}'}));
  await goTo(page, 'Dead letters');
  await page.getByRole('alert').filter({hasText: 'The database is busy just now.'}).first().waitFor();
});

test('selected dead letters are discarded with a recorded reason', async () => {
  const {page} = await operator.enter();
  await goTo(page, 'Dead letters');
  const hopeless = group(page, 'recommend-key-0c11aa');
  await hopeless.locator('.group-toggle').click();
  await hopeless.getByRole('checkbox').first().check();
  await hopeless.getByRole('button', {name: 'Discard chosen…'}).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This would discard 1 task.').waitFor();
  await dialog.getByLabel('Why').fill('Their friend has left.');
  await dialog.getByRole('button', {name: 'Discard 1 task'}).click();
  await dialog.waitFor({state: 'detached'});
  await hopeless.getByText('1', {exact: true}).first().waitFor();
  await goTo(page, 'Audit');
  await page.getByText('Their friend has left.').first().waitFor();
});

test('a task is found by its id, shown in full, and cancelled', async () => {
  const {page} = await operator.enter();
  const id = await submitLater(page);
  await page.keyboard.press('/');
  await page.locator('[data-search]:focus').waitFor();
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  const detail = page.getByRole('complementary', {name: 'echo'});
  await detail.locator('.why-text', {hasText: /It is due at \d/}).waitFor();
  await detail.getByText('Submitted').first().waitFor();
  assert.match(await detail.locator('.facts .wide').nth(1).innerText(), /[0-9a-f]{32}/);
  await screenshot(page, 'operator-task-detail');
  await cancel(page, detail);
  await page.keyboard.press('Escape');
  await detail.waitFor({state: 'detached'});
  await goTo(page, 'Audit');
  await page.getByText(`Cancelled task ${id.slice(-8)}.`).waitFor();
});

test('operators leave notes on a task, and the audit names the task', async () => {
  const {page, faults} = await operator.enter();
  const id = await submitLater(page);
  await page.goto(`${page.url().split('#')[0]}#tasks/${id}`);
  const detail = page.getByRole('complementary', {name: 'echo'});
  const field = detail.getByLabel('New note');
  await field.fill('asked the family 🌻');
  await detail.getByRole('button', {name: 'Add note'}).press('Enter');
  await detail.locator('.notes li', {hasText: 'asked the family 🌻'}).waitFor();
  assert.equal(await field.inputValue(), '');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Add note', 'the focus stays');
  await field.fill('ليلى '.repeat(20) + 'x'.repeat(200));
  await detail.getByRole('button', {name: 'Add note'}).click();
  await detail.locator('.notes li').nth(1).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'a long note wraps');
  await cancel(page, detail);
  await goTo(page, 'Audit');
  await page.getByText(`Added a note to task ${id.slice(-8)}.`).first().waitFor();
  assert.deepEqual(faults, []);
});

test('a flag is tried on some owners and switched off again', async () => {
  const {page} = await operator.enter();
  await goTo(page, 'Flags');
  const flag = page.locator('[data-flag="amazon_places"]');
  const change = async (setting, percent) => {
    await flag.getByRole('button', {name: 'Change amazon_places'}).click();
    const dialog = page.getByRole('dialog', {name: 'amazon_places'});
    await dialog.getByLabel(setting).check();
    if (percent) {
      await dialog.getByLabel('Percent of owners').fill(percent);
      for (let reads = 0; reads < 2; reads += 1) await page.waitForResponse((answer) => answer.url().endsWith('/ops/flags')); // the view reads on
      assert.equal(await dialog.getByLabel('Percent of owners').inputValue(), percent, 'typed text stays');
    }
    await dialog.getByRole('button', {name: 'Change the flag'}).click();
    await dialog.waitFor({state: 'detached'});
  };
  await change('On for some', '20');
  await flag.getByText('on for 20 % of owners').waitFor();
  await screenshot(page, 'operator-flags');
  await change('Off for everybody');
  await flag.getByText('off', {exact: true}).waitFor();
  await goTo(page, 'Audit');
  await page.getByText('Set the flag amazon_places: on for 20 % of owners', {exact: true}).first().waitFor();
});

test('new tasks wait above the list until the operator asks for them', async () => {
  const {page} = await operator.enter();
  await goTo(page, 'Tasks');
  const first = await page.locator('.tasks tbody tr').first().getAttribute('data-task');
  await submitLater(page);
  const newer = page.getByRole('button', {name: /^\d+ newer: show$/});
  await newer.waitFor();
  assert.equal(await page.locator('.tasks tbody tr').first().getAttribute('data-task'), first);
  await newer.click();
  await page.locator(`.tasks tbody tr:first-child:not([data-task="${first}"])`).waitFor();
  await page.locator('.row-link').first().click();
  await cancel(page, page.getByRole('complementary', {name: 'echo'}));
});
