import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {OPERATOR, fillIn, goTo, openOperatorPage} from './operator_page.js';
import {screenshot} from './stack.js';

const SCREENS = {
  light: {viewport: {width: 1440, height: 900}, colorScheme: 'light', reducedMotion: 'reduce'},
  dark: {viewport: {width: 1440, height: 900}, colorScheme: 'dark', reducedMotion: 'reduce'},
  phone: {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, isMobile: true, hasTouch: true, reducedMotion: 'reduce'},
};

let operator;

before(async () => {
  operator = await openOperatorPage();
});
after(() => operator.close());

for (const [name, options] of Object.entries(SCREENS)) {
  test(`every view is accessible and fits: ${name}`, async () => {
    const {page, faults} = await operator.visit(options);
    assert.deepEqual(await violationsOf(page), [], 'door');
    await fillIn(page, OPERATOR);
    const checkView = async (view) => {
      await page.waitForFunction(() => !document.querySelector('.skeleton'));
      assert.deepEqual(await violationsOf(page), [], view);
      const content = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(content <= options.viewport.width, `${view} is not wider than the screen`);
      await screenshot(page, `operator-${name}-${view}`);
    };
    await page.locator('.figure-value').first().waitFor();
    await checkView('overview');
    await goTo(page, 'Tasks');
    await page.locator('table.tasks').waitFor();
    await checkView('tasks');
    await page.locator('.row-link').first().click();
    await page.locator('.timeline').waitFor();
    await checkView('task-detail');
    await page.getByRole('button', {name: 'Close the task'}).click();
    await goTo(page, 'Dead letters');
    await page.locator('.group-toggle').first().click();
    await page.locator('.dead-letters').waitFor();
    await checkView('dead-letters');
    await goTo(page, 'Flags');
    await page.locator('.flags li').first().waitFor();
    await checkView('flags');
    await goTo(page, 'Audit');
    await checkView('audit');
    assert.deepEqual(faults, []);
  });
}

test('an unreachable API is reported, and the data stays', async () => {
  const {page} = await operator.enter();
  await page.route('**/ops/**', (route) => route.abort());
  await page.getByText('The API cannot be reached.').waitFor();
  assert.ok(await page.locator('.figure-value').count());
  await page.unroute('**/ops/**');
  await page.locator('.freshness[data-state="live"]').waitFor();
});

test('an ended session asks for the password and keeps the view', async () => {
  const {page} = await operator.enter();
  await goTo(page, 'Tasks');
  await page.route('**/ops/**', (route) => route.fulfill({status: 401, json: {message: 'Sign in first.'}}));
  const dialog = page.getByRole('dialog', {name: 'Your session has ended'});
  await dialog.waitFor();
  await page.unroute('**/ops/**');
  await dialog.getByLabel('Password').fill(OPERATOR.password);
  await dialog.getByRole('button', {name: 'Sign in', exact: true}).click();
  await dialog.waitFor({state: 'detached'});
  await page.locator('table.tasks').waitFor();
});
