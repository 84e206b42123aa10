import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {goTo, openOperatorPage} from './operator_page.js';
import {messageOf, newFamily, screenshot} from './stack.js';

/** Wait for colour transitions to end: contrast cannot be measured before. */
const STILL = {reducedMotion: 'reduce'};
const PATH = '**/ops/tasks/cancel';

let operator;

before(async () => {
  operator = await openOperatorPage();
});
afterEach(() => operator.leave());
after(() => operator.close());

const rows = (page) => page.locator('.tasks tbody tr');
const dialogOf = (page) => page.getByRole('dialog', {name: 'Cancel all of these?'});
const menu = (page) => page.locator('.menu:not(.saved-filters) > summary');
const opener = (page) => page.getByRole('button', {name: /^Cancel [\d,]+ tasks?…$/});

/** Open the dialog from the menu of bulk actions. */
async function openDialog(page) {
  await menu(page).click();
  await opener(page).click();
}

/** Return a new family's id and the ids of its tasks, which are due tomorrow. */
function submitWrongly(page, many) {
  return page.evaluate(async ({family, many}) => {
    const ask = async (path, body, token) => (await fetch(path, {method: 'POST', credentials: 'omit', body: JSON.stringify(body),
      headers: {'content-type': 'application/json', ...(token ? {authorization: `Bearer ${token}`} : {})}})).json();
    const {data: [{id}], accessToken} = await ask('/auth/signup', family);
    const ids = [];
    for (let n = 0; n < many; n += 1) ids.push((await ask('/api/tasks', {type: 'echo', scheduleAt: new Date(Date.now() + 86_400_000)}, accessToken)).id);
    return {owner: String(id), ids};
  }, {family: newFamily(), many});
}

/** Open the list of one owner's tasks and wait for its number of rows. */
async function listOf(page, owner, many, more = '') {
  await page.goto(`${page.url().split('#')[0]}#tasks?owner=${owner}${more}`);
  await page.getByText(`${many} ${many === 1 ? 'task matches' : 'tasks match'}`).waitFor();
}

test('a bulk cancel shows a preview, asks for a reason, and appears in the list and the audit', async () => {
  const {page, faults} = await operator.enter(STILL);
  const {owner, ids} = await submitWrongly(page, 3);
  await listOf(page, owner, 3);
  await openDialog(page);
  const dialog = dialogOf(page);
  await dialog.getByText('This would cancel 3 tasks of 1 owner.').waitFor();
  await dialog.locator('.preview-groups li', {hasText: '3echo, pending'}).waitFor();
  await dialog.getByText(`the newest is ${ids[2].slice(-8)} of owner ${owner}.`).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'operator-cancels');
  await page.keyboard.press('Escape');
  await dialog.waitFor({state: 'detached'});
  assert.ok(await page.evaluate(() => document.activeElement !== document.body), 'the focus is not lost');
  assert.equal(await rows(page).getByText('Pending').count(), 3, 'a preview changes nothing');

  await openDialog(page);
  const button = dialog.getByRole('button', {name: 'Cancel 3 tasks'});
  await button.click();
  assert.ok(await dialog.getByLabel('Why').evaluate((field) => !field.validity.valid && field === document.activeElement), 'a reason is asked for');
  await dialog.getByLabel('Why').fill('a wrong import');
  await page.keyboard.press('Enter');
  await dialog.waitFor({state: 'detached'});
  await messageOf(page, '3 tasks cancelled.');
  await page.waitForFunction(() => [...document.querySelectorAll('.tasks tbody tr')].every((row) => row.textContent.includes('Cancelled')));

  await page.getByRole('link', {name: 'echo'}).first().click();
  await page.getByText(/Cancelled, by operator .*: a wrong import/).waitFor();
  await goTo(page, 'Audit');
  await page.getByText(new RegExp(`Cancelled 3 tasks \\(owner ${owner}, until .*\\): a wrong import`)).waitFor();
  assert.deepEqual(faults, []);
});

test('a bulk cancel needs a filter of tasks that are not over', async () => {
  const {page} = await operator.enter(STILL);
  const {owner} = await submitWrongly(page, 1);
  await goTo(page, 'Tasks');
  await page.locator('table.tasks').waitFor();
  assert.equal(await menu(page).count(), 0, 'everybody’s');
  const status = page.getByRole('group', {name: 'Status'});
  await status.getByRole('button', {name: 'Completed'}).click();
  await page.waitForURL(/status=completed/);
  assert.equal(await menu(page).count(), 0, 'over');
  await status.getByRole('button', {name: 'Pending'}).click();
  await menu(page).waitFor();
  await listOf(page, owner, 1, '&state=scheduled&status=pending');
  await openDialog(page);
  await dialogOf(page).getByText('This would cancel 1 task of 1 owner.').waitFor();
  await dialogOf(page).getByRole('button', {name: 'Back'}).click();
  await listOf(page, owner, 1);
  await page.evaluate((href) => { location.hash = href; }, `#tasks?owner=${owner}&type=none`);
  await menu(page).click();
  await page.getByText('All of these are over: none can be cancelled.').waitFor();
  assert.equal(await opener(page).count(), 0, 'no dialog for none');
});

test('a bulk cancel continues page by page on a narrow screen, and stops when the operator closes it', async () => {
  const {page, faults} = await operator.enter({...STILL, viewport: {width: 320, height: 640}});
  const {owner} = await submitWrongly(page, 1);
  await listOf(page, owner, 1);
  const asked = [];
  let go = () => {};
  await page.route(PATH, async (route) => {
    const body = route.request().postDataJSON();
    if (body.preview) {
      const answer = await (await route.fetch()).json();
      return route.fulfill({json: {...answer, wouldEnd: {...answer.wouldEnd, total: 2_500}}});
    }
    asked.push(body);
    await new Promise((resolve) => { go = resolve; });
    return route.fulfill({json: {cancelled: Math.min(1_000, 2_500 - 1_000 * (asked.length - 1)), more: asked.length < 3, wouldEnd: null}});
  });
  const reach = async (count) => {
    while (asked.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const begin = async () => {
    await openDialog(page);
    const dialog = dialogOf(page);
    await dialog.getByText('This would cancel 2,500 tasks of 1 owner.').waitFor();
    await dialog.getByLabel('Why').fill('a wrong import');
    await dialog.getByRole('button', {name: 'Cancel 2,500 tasks'}).click();
    return dialog;
  };
  const dialog = await begin();
  await reach(1);
  go();
  await reach(2);
  await dialog.getByText('1,000 of 2,500 cancelled').waitFor();
  assert.equal(await dialog.getByRole('progressbar', {name: 'Cancelled'}).getAttribute('aria-valuenow'), '1000');
  const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('dialog, dialog *:not(.visually-hidden)')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth || (part.clientWidth && part.scrollWidth > part.clientWidth)).map((part) => `${part.localName} ${part.className}`));
  assert.deepEqual(wide, [], 'it fits');
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'operator-cancels-narrow');
  go();
  await reach(3);
  go();
  await dialog.waitFor({state: 'detached'});
  await messageOf(page, '2,500 tasks cancelled.');
  assert.ok(asked.every(({until}) => until === asked[0].until && until), 'tasks that came after the preview are not meant');

  asked.length = 0;
  await begin();
  await reach(1);
  await dialog.getByRole('button', {name: 'Stop here'}).click();
  go();
  await messageOf(page, '1,000 tasks cancelled. Some are left: do it again for the rest.');
  assert.equal(asked.length, 1);
  assert.deepEqual(faults, []);
});

test('a failed page of a bulk cancel shows its error, and a second press continues', async () => {
  const {page} = await operator.enter(STILL);
  const {owner} = await submitWrongly(page, 2);
  await listOf(page, owner, 2);
  await openDialog(page);
  const dialog = dialogOf(page);
  await dialog.getByLabel('Why').fill('a wrong import');
  await dialog.getByText('This would cancel 2 tasks').waitFor();
  await page.route(PATH, (route) => route.fulfill({status: 503, json: {message: 'The database is busy just now.'}}));
  await dialog.getByRole('button', {name: 'Cancel 2 tasks'}).click();
  await dialog.getByRole('alert').filter({hasText: 'The database is busy just now.'}).waitFor();
  await page.unroute(PATH);
  await dialog.getByRole('button', {name: 'Cancel 2 tasks'}).click();
  await messageOf(page, '2 tasks cancelled.');
});
