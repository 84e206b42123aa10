import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {goTo, messageOf, newFamily, openStack, signIn, signUp, visit} from './stack.js';

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

/** Call the API as the family of a page, by its cookie; call again where the stack of a busy machine was too slow. */
function ask(page, method, path, body) {
  return page.evaluate(async ([method, path, body]) => {
    for (;;) {
      const answer = await fetch(path, {method, headers: {'content-type': 'application/json'}, body: body && JSON.stringify(body)});
      if (answer.status < 500) return {status: answer.status, json: await answer.json()};
    }
  }, [method, path, body]);
}

/** Wait until a task of the page's family is over. */
function over(page, taskId) {
  return page.evaluate(async (id) => {
    for (let status = ''; !['completed', 'failed', 'dead-letter', 'cancelled'].includes(status);) {
      ({status} = await (await fetch(`/api/tasks/${id}`)).json());
      await new Promise((resolve) => setTimeout(resolve, 200)); // the pace of the reads
    }
  }, taskId);
}

async function run(page, method, path, body) {
  const {json} = await ask(page, method, path, body);
  await over(page, json.taskId);
}

/** A signed-up family with a kid and a point. */
async function member(kid, point) {
  const family = newFamily();
  const visitor = await visit(world);
  await signUp(visitor.page, family);
  await ask(visitor.page, 'POST', '/api/kids', kid);
  const {playdate_latit, playdate_longi} = point;
  await run(visitor.page, 'POST', '/api/playdate-point/coordinates', {playdate_latit, playdate_longi});
  const [{id}] = (await ask(visitor.page, 'GET', '/api/kids/mykids')).json.map(({guardianId}) => ({id: guardianId}));
  return {...visitor, family, id};
}

async function befriend(one, other) {
  await run(one.page, 'POST', '/api/friends/ask', {friendname: other.family.name});
  await run(other.page, 'POST', '/api/friends/setstate', {friendId: one.id, friendshipState: 1});
}

const PARIS = {playdate_latit: 48.8566, playdate_longi: 2.3522};
const NEARBY = {playdate_latit: 48.86, playdate_longi: 2.36};
const MADRID = {playdate_latit: 40.4168, playdate_longi: -3.7038};
const chess = (name) => ({name, age: 7, favoriteActivity: 'chess'});

test('a plan is made again with one press, and far friends stand apart with their distance', async () => {
  const [amira, bruno, diego] = await Promise.all([member(chess('Lina'), PARIS), member(chess('Zoe'), NEARBY), member(chess('Lucia'), MADRID)]);
  await befriend(amira, diego);
  const {page} = amira;
  await page.reload();
  const plan = page.locator('.plan');
  await plan.getByText('have changed since this plan was made').waitFor();
  await plan.getByRole('button', {name: 'Plan again'}).click();
  await plan.locator('.too-far').getByText(diego.family.name).waitFor();
  assert.match(await plan.locator('.too-far').innerText(), /1,05\d km/);
  assert.equal(await plan.locator('.slot').filter({hasText: 'Lucia'}).count(), 0);

  await befriend(amira, bruno);
  await plan.getByRole('button', {name: 'Plan again'}).click();
  await plan.locator('.slot').filter({hasText: 'Zoe'}).waitFor();

  // The end of a friendship leaves the suggestions with others, and says nothing that is not so.
  await run(diego.page, 'POST', '/api/friends/delete', {friendId: amira.id});
  await plan.locator('.too-far').waitFor({state: 'detached'});
  assert.equal(await plan.locator('.slot').filter({hasText: 'Zoe'}).count(), 1);
  assert.equal(await page.getByText('paused planning').count(), 0);
  assert.equal(await page.getByText('switched off').count(), 0);
});

test('a change by another family appears at once, with a count on the tab and in the title', async () => {
  const [one, two] = await Promise.all([member(chess('Ida'), PARIS), member(chess('Jon'), NEARBY)]);
  await two.page.locator('.connection[data-state="live"]').waitFor();
  await ask(one.page, 'POST', '/api/friends/ask', {friendname: two.family.name});
  const asked = Date.now();
  await two.page.locator('.tab-friends .badge').waitFor();
  console.log(`a request of another family is seen after ${Date.now() - asked} ms`);
  await two.page.waitForFunction(() => /^\(\d+\) /.test(document.title) && document.querySelector('link[rel="icon"]').href.startsWith('data:image/png'));
  await messageOf(two.page, 'would like to be your friend');

  await goTo(two.page, 'Friends');
  await two.page.getByRole('button', {name: `Accept ${one.family.name}`}).click();
  await messageOf(one.page, 'accepted your request');
  await one.page.locator('.tab-inbox .badge').waitFor();
});

test('an address leads to a friend or a match, also after a sign-in, and says when it is gone', async () => {
  const [one, two] = await Promise.all([member(chess('Ida'), PARIS), member(chess('Jon'), NEARBY)]);
  await befriend(one, two);
  const {page} = one;
  const focused = (wanted) => page.waitForFunction((thing) => document.activeElement?.dataset?.thing === thing, wanted);
  await goTo(page, 'Inbox');
  const match = await page.locator('.match-card', {hasText: 'Jon'}).first().getAttribute('data-thing');
  const address = page.url().split('#')[0];
  await page.goto(`${address}#friends/${two.id}`);
  await focused(String(two.id));
  await page.getByRole('button', {name: 'Sign out'}).click();
  await page.goto(`${address}#inbox/${match}`);
  await signIn(page, one.family);
  await focused(match);
  await page.goto(`${address}#friends/999999999`);
  await page.getByText('This family is no longer here.').waitFor();
  await page.goto(`${address}#nowhere`);
  await messageOf(page, 'There is no page with this address.');
  await page.waitForFunction(() => document.title === 'Meet · Playmate');
});
