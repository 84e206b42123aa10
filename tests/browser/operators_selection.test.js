import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {goTo, openOperatorPage} from './operator_page.js';
import {messageOf, newFamily, screenshot} from './stack.js';

const STILL = {reducedMotion: 'reduce'};

let operator;

before(async () => {
  operator = await openOperatorPage();
});
afterEach(() => operator.leave());
after(() => operator.close());

/** Sign up a family with tasks: some due tomorrow, and some that are refused; return its id and the ids. */
function familyWith(page, {later = 0, refused = 0}) {
  return page.evaluate(async ({family, later, refused}) => {
    const ask = async (method, path, body, token) => (await fetch(path, {method, credentials: 'omit', body: body && JSON.stringify(body),
      headers: {'content-type': 'application/json', ...(token ? {authorization: `Bearer ${token}`} : {})}})).json();
    const {data: [{id}], accessToken} = await ask('POST', '/auth/signup', family);
    const submit = async (body) => (await ask('POST', '/api/tasks', body, accessToken)).id;
    const ids = [];
    for (let n = 0; n < later; n += 1) ids.push(await submit({type: 'echo', scheduleAt: new Date(Date.now() + 86_400_000)}));
    for (let n = 0; n < refused; n += 1) {
      const task = await submit({type: 'friend.ask', payload: {friendName: `Typo ${n}`}});
      for (let status = ''; status !== 'failed';) ({status} = await ask('GET', `/api/tasks/${task}`, undefined, accessToken));
      ids.push(task);
    }
    return {owner: String(id), ids};
  }, {family: newFamily(), later, refused});
}

async function listOf(page, owner, many) {
  await page.goto(`${page.url().split('#')[0]}#tasks?owner=${owner}`);
  await page.getByText(`${many} tasks match`).waitFor();
}

const row = (page, id) => page.locator(`[data-task="${id}"]`);
const bar = (page) => page.getByRole('group', {name: 'Selected tasks'});
const typesOf = (page) => page.locator('.tasks .row-link').allTextContents();

test('selected tasks are cancelled, and the others stay', async () => {
  const {page, faults} = await operator.enter(STILL);
  const {owner, ids} = await familyWith(page, {later: 3});
  await listOf(page, owner, 3);
  await row(page, ids[0]).getByRole('checkbox').check();
  await row(page, ids[2]).getByRole('checkbox').check();
  assert.ok(!page.url().includes(ids[0]), 'a checkbox does not open the task');
  await bar(page).getByText('2 tasks selected').waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'operator-selection');
  await bar(page).getByRole('button', {name: 'Cancel 2 tasks…'}).click();
  const dialog = page.getByRole('dialog', {name: 'Cancel all of these?'});
  await dialog.getByText('This would cancel 2 tasks of 1 owner.').waitFor();
  await dialog.getByLabel('Why').fill('a wrong import');
  await dialog.getByRole('button', {name: 'Cancel 2 tasks'}).click();
  await messageOf(page, '2 tasks cancelled.');
  for (const id of [ids[0], ids[2]]) await row(page, id).getByText('Cancelled').waitFor();
  assert.equal(await row(page, ids[1]).getByText('Pending').count(), 1);
  assert.deepEqual(faults, []);
});

test('selected refusals run again with one reason', async () => {
  const {page} = await operator.enter(STILL);
  const {owner} = await familyWith(page, {later: 1, refused: 2});
  const reason = `the names of owner ${owner} were added`;
  await listOf(page, owner, 3);
  await page.getByRole('checkbox', {name: 'Select all rows'}).check();
  await bar(page).getByText('3 tasks selected').waitFor();
  await bar(page).getByRole('button', {name: 'Run 2 tasks again…'}).click();
  const dialog = page.getByRole('dialog', {name: 'Run 2 tasks again?'});
  await dialog.getByLabel('Why').fill(reason);
  await dialog.getByRole('button', {name: 'Run 2 tasks again'}).click();
  await messageOf(page, '2 tasks run again as new tasks.');
  await bar(page).waitFor({state: 'detached'});
  await page.getByRole('button', {name: /^2 newer: show$/}).click();
  await page.getByText('5 tasks match').waitFor();
  await goTo(page, 'Audit');
  const entries = page.getByText(new RegExp(`^Ran task .*: ${reason}`));
  await entries.first().waitFor();
  assert.equal(await entries.count(), 2);
});

test('columns sort the rows, and the keys select them', async () => {
  const {page} = await operator.enter(STILL);
  const {owner, ids} = await familyWith(page, {refused: 1, later: 2});
  await listOf(page, owner, 3);
  const heading = page.getByRole('columnheader', {name: 'Type'});
  await heading.getByRole('button').click();
  assert.equal(await heading.getAttribute('aria-sort'), 'ascending');
  assert.deepEqual(await typesOf(page), ['echo', 'echo', 'friend.ask']);
  await heading.getByRole('button').click();
  assert.deepEqual(await typesOf(page), ['friend.ask', 'echo', 'echo']);
  await heading.getByRole('button').click();
  assert.equal(await heading.getAttribute('aria-sort'), 'none');
  await row(page, ids[1]).locator('[data-row]').focus();
  await page.keyboard.press('x');
  await bar(page).getByText('1 task selected').waitFor();
});

test('filters are saved under a name, and survive a reload', async () => {
  const {page} = await operator.enter(STILL);
  const {owner} = await familyWith(page, {later: 2});
  await listOf(page, owner, 2);
  const menu = page.locator('.saved-filters');
  await menu.locator('summary').click();
  await menu.getByLabel('Name').fill('One family');
  await menu.getByRole('button', {name: 'Save these'}).click();
  await page.goto(`${page.url().split('#')[0]}#tasks`);
  await page.reload();
  await menu.locator('summary').click();
  await menu.getByRole('link', {name: 'One family'}).click();
  await page.getByText('2 tasks match').waitFor();
  await menu.locator('summary').click();
  await menu.getByRole('button', {name: 'Remove the saved filters One family'}).click();
  await menu.getByText('None yet.').waitFor();
});

test('each flag says what it does, and a flag on which rights hang asks twice', async () => {
  const {page} = await operator.enter(STILL);
  await goTo(page, 'Flags');
  await page.getByText('Off: tasks of type echo wait, and run once it is on again.').waitFor();
  await page.getByRole('button', {name: 'Change task.account.forget'}).click();
  const dialog = page.getByRole('dialog', {name: 'task.account.forget'});
  await dialog.getByLabel('Off for everybody').check();
  await dialog.getByText('People have a right to the erasure of their data.').waitFor();
  await dialog.getByRole('button', {name: 'Change the flag'}).click();
  assert.ok(await dialog.getByLabel('I know, and I switch it on again').evaluate((box) => !box.validity.valid), 'it is not changed');
  await page.keyboard.press('Escape');
  await dialog.waitFor({state: 'detached'});
});
