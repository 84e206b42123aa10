import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {connection, goTo, messageOf, newFamily, openStack, screenshot, signIn, signUp, stack, visit} from './stack.js';

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

async function setPoint(page, town) {
  await page.getByRole('combobox', {name: 'Find a town'}).fill(town);
  await page.getByRole('listbox', {name: 'Towns'}).getByRole('option').first().click();
  await page.getByRole('button', {name: 'Meet here'}).click();
}

async function addKid(page, {name, age, loves}) {
  await goTo(page, 'Family');
  await page.getByLabel('Name', {exact: true}).fill(name);
  await page.getByLabel('Age', {exact: true}).fill(String(age));
  await page.getByLabel('Loves').fill(loves);
  await page.getByRole('button', {name: 'Add', exact: true}).click();
  await page.getByRole('heading', {name, exact: true}).waitFor();
}

test('a newcomer signs up, sets a point and watches the plan being made', async () => {
  const {page, faults} = await visit(world);
  await screenshot(page, 'welcome');
  const family = newFamily();
  await signUp(page, family);
  await addKid(page, {name: 'Ada', age: 7, loves: 'football'});
  await goTo(page, 'Meet');
  await connection(page, 'live');
  await setPoint(page, 'Lisbon');
  const card = page.locator('.task', {hasText: 'Planning around your point'});
  await card.getByRole('button', {name: /^Details/}).click();
  await card.locator('.stop[data-event="completed"]').waitFor();
  const steps = await card.locator('.stop-text').allTextContents();
  assert.equal(steps[0], 'Received');
  assert.equal(steps.at(-1), 'Done');
  assert.ok(steps.length >= 5, `steps and progress are shown: ${steps.join(' | ')}`);
  await page.locator('.plan').getByText('Ada').waitFor();
  await page.locator('.insight-headline').waitFor();
  assert.match(await page.locator('.panel-name').textContent(), /Lisbon/i);
  await page.getByRole('button', {name: 'Point saved'}).waitFor();
  await screenshot(page, 'meet', {fullPage: true});

  await page.reload();
  await page.locator('.plan').getByText('Ada').waitFor();
  await page.locator('.task[data-status="completed"]').first().waitFor();
  assert.deepEqual(faults, []);
});

test('two families become friends, side by side, and both inboxes are updated', async () => {
  const [one, two] = [newFamily(), newFamily()];
  const [left, right] = [await visit(world), await visit(world)];
  await Promise.all([signUp(left.page, one), signUp(right.page, two)]);
  await addKid(left.page, {name: 'Ida', age: 6, loves: 'chess'});
  await addKid(right.page, {name: 'Jon', age: 6, loves: 'chess'});

  await goTo(left.page, 'Friends');
  await left.page.getByLabel('Ask a family by name').fill(two.name);
  await left.page.getByRole('button', {name: 'Ask', exact: true}).click();
  await left.page.locator('.people', {hasText: 'Requests you sent'}).getByText(two.name).waitFor();
  await goTo(left.page, 'Inbox');

  await goTo(right.page, 'Friends');
  await right.page.getByRole('button', {name: `Accept ${one.name}`}).waitFor();
  await screenshot(right.page, 'friends');
  await right.page.getByRole('button', {name: `Accept ${one.name}`}).click();
  await goTo(right.page, 'Inbox');
  for (const {page} of [left, right]) {
    await page.locator('.match-card').filter({hasText: 'Ida'}).filter({hasText: 'Jon'}).waitFor();
  }
  await screenshot(left.page, 'inbox');

  await goTo(right.page, 'Meet');
  await right.page.locator('.playmates').getByText('Ida').waitFor();
  await right.page.getByLabel('Youngest').selectOption('9');
  await right.page.getByText("No friend's kid fits.").waitFor();

  await goTo(right.page, 'Friends');
  await right.page.getByRole('button', {name: `Remove: ${one.name}`}).click();
  await right.page.getByRole('button', {name: 'End friendship'}).click();
  await right.page.getByText('No friends yet').waitFor();
  assert.deepEqual([...left.faults, ...right.faults], []);
});

test('a refusal is shown as a sentence', async () => {
  const {page} = await visit(world);
  await signUp(page, newFamily());
  await goTo(page, 'Friends');
  await page.getByLabel('Ask a family by name').fill('Nobody Of This Name');
  await page.getByRole('button', {name: 'Ask', exact: true}).click();
  await page.getByText('We know no family called “Nobody Of This Name”.').first().waitFor();
});

test('a wrong password shows an error, and the form does not move', async () => {
  const {page} = await visit(world);
  await page.getByLabel('Name or e-mail').fill(stack.users[0].name);
  await page.getByLabel('Password').fill('not this one');
  const before = await page.locator('form .button').boundingBox();
  await page.locator('form').getByRole('button', {name: 'Sign in'}).click();
  await page.getByRole('alert').filter({hasText: /\w/}).waitFor();
  assert.equal((await page.locator('form .button').boundingBox()).y, before.y);
});

test('the weekly hours are changed and kept', async () => {
  const {page} = await visit(world);
  await signUp(page, newFamily());
  await goTo(page, 'Family');
  await page.getByRole('button', {name: 'Monday: add hours'}).click();
  await page.getByLabel('Monday, from').last().fill('06:15');
  const until = page.getByLabel('Monday, until').last();
  await until.fill('07:00');
  await until.blur();
  await page.getByRole('button', {name: 'Save the hours'}).click();
  await messageOf(page, 'Your hours are saved.');
  await page.reload();
  await page.getByText('Plans keep to these hours.').waitFor();
  assert.ok((await page.getByLabel('Monday, until').evaluateAll((inputs) => inputs.map((input) => input.value))).includes('07:00'));
  await screenshot(page, 'family', {fullPage: true});
});

test('the point is set by keyboard alone', async () => {
  const {page} = await visit(world);
  await signUp(page, newFamily());
  await page.getByRole('application').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowUp');
  await page.getByText('Meet here?').waitFor();
  await page.getByRole('button', {name: 'Meet here'}).press('Enter');
  await page.getByRole('button', {name: 'Point saved'}).waitFor();
});

test('an unknown fragment of the address shows the first page', async () => {
  const {page, faults} = await visit(world);
  await signUp(page, newFamily());
  for (const fragment of ['__proto__', 'constructor', 'toString', 'nothing']) {
    await goTo(page, 'Friends');
    await page.evaluate((name) => { location.hash = name; }, fragment);
    await page.getByRole('application').waitFor();
    await page.reload();
    await page.getByRole('application').waitFor();
    assert.deepEqual(faults, [], fragment);
  }
});

test('a demonstration family enters with one click', async () => {
  const {page} = await visit(world);
  await page.getByRole('button', {name: stack.users[0].name}).click();
  await page.locator('.top').getByText(stack.users[0].name).waitFor();
  await page.getByRole('button', {name: 'Sign out'}).click();
  await page.getByRole('heading', {name: 'Welcome back'}).waitFor();
  await signIn(page, stack.users[0]);
});

test('from another origin the page signs in by token, and is as live', async () => {
  const api = new URL(stack.web_url);
  const context = await world.browser.newContext({serviceWorkers: 'block'});
  const page = await context.newPage();
  await page.route('**/config.js', (route) => route.fulfill({
    contentType: 'text/javascript', body: `export const config = {apiUrl: '${api.origin}', tiles: null, demo: null};`,
  }));
  await page.goto(`http://localhost:${api.port}/`);
  await signUp(page, newFamily());
  await connection(page, 'live');
  await setPoint(page, 'Oslo');
  await page.locator('.task[data-status="completed"]').waitFor();
  await page.reload();
  await page.locator('.task[data-status="completed"]').waitFor();
});

test('an account is erased on request', async () => {
  const {page} = await visit(world);
  const family = newFamily();
  await signUp(page, family);
  await goTo(page, 'Family');
  await page.getByRole('button', {name: 'Erase everything'}).click();
  await page.getByLabel('To be sure, type your name').fill(family.name);
  await page.getByRole('button', {name: 'Erase', exact: true}).click();
  await page.getByRole('heading', {name: 'Welcome back'}).waitFor();
  await page.waitForFunction(async ({name, password}) => {
    const headers = {'content-type': 'application/json'};
    const answer = await fetch('/auth/login', {method: 'POST', headers, body: JSON.stringify({identifier: name, password})});
    return answer.status === 401;
  }, family, {polling: 500});
});
