import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {goTo, messageOf, newFamily, openStack, screenshot, signUp, visit} from './stack.js';

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

/** Call the API as the family of a page; repeat a call that the stack of a busy machine could not answer. */
function call(page, method, path, body) {
  return page.evaluate(async ([verb, where, data]) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(where, {method: verb, headers: {'content-type': 'application/json'}, ...(data ? {body: JSON.stringify(data)} : {})});
      if (answer.ok) return answer.json();
      if (answer.status < 500 || tries === 5) throw new Error(`${verb} ${where}: ${answer.status} ${await answer.text()}`);
    }
  }, [method, path, body]);
}

/** Wait until a read of the API fulfils a condition. */
async function until(page, path, condition) {
  for (let tries = 0; tries < 600; tries += 1) {
    const value = await call(page, 'GET', path);
    if (condition(value)) return value;
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  }
  throw new Error(`${path} never came to the awaited state`);
}

/** Two families with a kid each, who are friends, each in a browser of its own. */
async function friends() {
  const [one, two] = [newFamily(), newFamily()];
  const [left, right] = [await visit(world), await visit(world)];
  await Promise.all([signUp(left.page, one), signUp(right.page, two)]);
  await Promise.all([[left, 'Ida'], [right, 'Jon']].map(([{page}, name]) => call(page, 'POST', '/api/kids', {name, age: 6, favoriteActivity: 'chess'})));
  await call(left.page, 'POST', '/api/friends/ask', {friendname: two.name});
  const [asker] = await until(right.page, '/api/friends/askingforme', (all) => all.length === 1);
  await call(right.page, 'POST', '/api/friends/setstate', {friendId: asker.id, friendshipState: 1});
  const [friend] = await until(left.page, '/api/friends/confirmed', (all) => all.length === 1);
  return {left, right, one: {...one, id: asker.id}, two: {...two, id: friend.id}};
}

function card(page, list, title) {
  return page.locator(`[data-playdates="${list}"] .playdate`, {hasText: title});
}

test('from a match to a playdate that two families agree on, live in two browsers', async () => {
  const {left, right, one, two} = await friends();
  await until(left.page, '/api/tasks/inbox', ({items}) => items.some(({result}) => result.recommendations.some(({startsAt}) => startsAt)));
  await goTo(right.page, 'Playdates');
  await right.page.getByText('No playdates yet').waitFor();
  await screenshot(right.page, 'playdates-empty');

  await goTo(left.page, 'Inbox');
  await left.page.getByRole('button', {name: 'Invite Jon to a playdate'}).first().click();
  const dialog = left.page.getByRole('dialog');
  assert.equal(await dialog.getByLabel('Title').inputValue(), 'Chess with Jon');
  assert.equal(await dialog.getByLabel(two.name).isChecked(), true);
  await dialog.getByLabel('Where').fill('The library');
  await screenshot(left.page, 'playdates-schedule');
  await dialog.getByRole('button', {name: 'Send'}).click();
  await messageOf(left.page, 'The invitation is sent.');

  const question = card(right.page, 'questions', 'Chess with Jon');
  await question.getByText(`${one.name} asks whether you can come`).waitFor();
  await right.page.getByRole('link', {name: /^Playdates\s*, new:\s*1$/}).waitFor();
  await screenshot(right.page, 'playdates-invited');
  await question.getByRole('button', {name: 'Join Chess with Jon'}).click();
  await messageOf(right.page, 'You take part.');
  await card(right.page, 'joined', 'Chess with Jon').getByText('Ida, 6').waitFor();

  await goTo(left.page, 'Playdates');
  const hosted = card(left.page, 'hosted', 'Chess with Jon');
  await hosted.locator('li', {hasText: two.name}).getByText('Coming').waitFor();
  await screenshot(left.page, 'playdates-agreed');

  await hosted.getByRole('button', {name: 'Change Chess with Jon'}).click();
  const start = left.page.getByRole('dialog').getByLabel('To');
  const ends = await start.inputValue();
  await start.fill(ends.replace(/T(\d\d)/, (_, hour) => `T${String(Math.min(23, Number(hour) + 1)).padStart(2, '0')}`));
  await left.page.getByRole('dialog').getByRole('button', {name: 'Save'}).click();
  await question.getByText(`${one.name} asks whether you can come`).waitFor();
  await hosted.locator('li', {hasText: two.name}).getByText('Not answered').waitFor();
  await question.getByRole('button', {name: 'Join Chess with Jon'}).click();
  await hosted.locator('li', {hasText: two.name}).getByText('Coming').waitFor();

  await hosted.getByRole('button', {name: 'Cancel Chess with Jon'}).click();
  await left.page.getByRole('dialog').getByRole('button', {name: 'Cancel the playdate'}).click();
  await card(right.page, 'over', 'Chess with Jon').getByText('Cancelled').waitFor();
  await card(left.page, 'over', 'Chess with Jon').getByText('Cancelled').waitFor();
  await right.page.reload();
  await card(right.page, 'over', 'Chess with Jon').getByText('Cancelled').waitFor();
  assert.deepEqual([...left.faults, ...right.faults], []);
});

test('a friend asks to join, and the host decides with reasons', async () => {
  const {left, right, two} = await friends();
  const start = new Date(Date.now() + 5 * 86_400_000);
  await call(left.page, 'POST', '/api/playdates', {
    title: 'Picnic', activity: 'picnic', locationName: 'The park', startTime: start.toISOString(), endTime: new Date(start.getTime() + 3_600_000).toISOString(), maxGuests: 1,
  });
  await goTo(right.page, 'Playdates');
  await right.page.getByRole('button', {name: 'Ask to join Picnic'}).click();
  await messageOf(right.page, 'The host has been asked.');
  await goTo(left.page, 'Playdates');
  const question = card(left.page, 'questions', 'Picnic');
  await question.getByText(`${two.name} would like to join`).waitFor();
  await question.getByRole('button', {name: `More about them: ${two.name}`}).click();
  await question.getByText(`You and ${two.name} are friends.`).waitFor();
  await question.getByRole('button', {name: `Welcome ${two.name}`}).click();
  await card(right.page, 'joined', 'Picnic').locator('li', {hasText: two.name}).getByText('Coming').waitFor();
  const file = await right.page.evaluate(async () => {
    const link = document.querySelector('a[download]');
    const answer = await fetch(link.href);
    return [answer.status, await answer.text()];
  });
  assert.equal(file[0], 200);
  assert.match(file[1], /^BEGIN:VCALENDAR[\s\S]*SUMMARY:Picnic/);
});

test('a playdate is scheduled by keyboard alone, and a fault stands beside its field', async () => {
  const {left} = await friends();
  await goTo(left.page, 'Playdates');
  await left.page.getByRole('button', {name: 'Schedule a playdate'}).focus();
  await left.page.keyboard.press('Enter');
  await left.page.getByRole('dialog').getByLabel('Title').focus();
  for (const text of ['Tag', 'tag', 'The yard']) {
    await left.page.keyboard.type(text);
    await left.page.keyboard.press('Tab');
  }
  await left.page.getByLabel('Families at most').fill('1');
  await left.page.keyboard.press('Enter');
  await card(left.page, 'hosted', 'Tag').waitFor();
  await left.page.getByRole('button', {name: 'Schedule a playdate'}).click();
  const dialog = left.page.getByRole('dialog');
  await dialog.getByLabel('Title').fill('Again');
  await dialog.getByLabel('What').fill('tag');
  await dialog.getByLabel('Where').fill('The yard');
  await dialog.getByRole('button', {name: 'Send'}).click();
  await dialog.getByText('There is another playdate of this family at that time.').waitFor();
  await left.page.keyboard.press('Escape');
  await dialog.waitFor({state: 'detached'});
});
