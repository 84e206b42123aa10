import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {connection, newFamily, openStack, screenshot, signUp, visit} from './stack.js';

const CUT_MS = 30_000;

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

async function member(options) {
  const visitor = await visit(world, options);
  const family = newFamily();
  await signUp(visitor.page, family);
  await connection(visitor.page, 'live');
  return {...visitor, family};
}

/** Open a second client in the page that records every update in sessionStorage, which survives a reload. */
function watch(page) {
  return page.evaluate(async () => {
    const {createClient} = await import('/client/index.js');
    window.seen = JSON.parse(sessionStorage.getItem('seen') ?? '[]');
    window.watcher = createClient({apiUrl: '', scope: 'watcher'});
    window.watcher.onUpdate(({id, seq, status}) => {
      window.seen.push([id, seq, status]);
      sessionStorage.setItem('seen', JSON.stringify(window.seen));
    });
  });
}

function submit(page, payload = {}, options = {}) {
  return page.evaluate(async ([sent, extra]) => (await window.watcher.submit('echo', sent, extra)).id, [payload, options]);
}

/** Wait until each task was reported as completed. */
function allOver(page, ids) {
  return page.waitForFunction(
    (wanted) => wanted.every((id) => window.seen.some(([seenId, , status]) => seenId === id && status === 'completed')), ids,
  );
}

async function assertWhole(page, ids) {
  const seen = await page.evaluate(() => window.seen);
  let total = 0;
  for (const id of ids) {
    const seqs = seen.filter(([seenId]) => seenId === id).map(([, seq]) => seq);
    assert.deepEqual(seqs, Array.from({length: seqs.length}, (_, i) => i + 1), `each update of ${id} once and in order`);
    total += seqs.length;
  }
  return total;
}

const soon = (ms) => new Date(Date.now() + ms).toISOString();

test('200 updates arrive once and in order although the socket is killed 100 times', async () => {
  const {page} = await member();
  await watch(page);
  await page.waitForFunction(() => window.watcher.connection === 'live');
  const ids = [];
  let kills = 0;
  while (ids.length < 70 || kills < 100) {
    if (ids.length < 70) ids.push(await submit(page, {step: ids.length}));
    world.proxy.killSockets();
    kills += 1;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
  }
  await allOver(page, ids);
  const total = await assertWhole(page, ids);
  assert.ok(total >= 200, `${total} updates`);
});

test('a network cut of 30 s in the middle of a task is survived', async () => {
  const {page} = await member();
  await watch(page);
  const id = await submit(page, {}, {scheduleAt: soon(5_000)});
  world.proxy.cut();
  await connection(page, 'offline');
  await screenshot(page, 'offline');
  await new Promise((resolve) => setTimeout(resolve, CUT_MS));
  world.proxy.restore();
  await connection(page, 'live');
  await allOver(page, [id]);
  await assertWhole(page, [id]);
});

test('blocked sockets are replaced by polling, and the socket comes back', async () => {
  const {page} = await member();
  await watch(page);
  world.proxy.blocked = true;
  world.proxy.killSockets();
  await connection(page, 'polling');
  const polled = await submit(page);
  await allOver(page, [polled]);
  await screenshot(page, 'polling');
  world.proxy.blocked = false;
  await connection(page, 'live');
  const pushed = await submit(page);
  await allOver(page, [polled, pushed]);
  await assertWhole(page, [polled, pushed]);
});

test('a reload in the middle of a task loses and repeats nothing', async () => {
  const {page} = await member();
  await watch(page);
  await page.waitForFunction(() => window.watcher.connection === 'live');
  const id = await submit(page, {}, {scheduleAt: soon(4_000)});
  await page.waitForFunction((wanted) => window.seen.some(([seenId]) => seenId === wanted), id);
  await page.reload();
  await watch(page);
  await allOver(page, [id]);
  assert.ok((await assertWhole(page, [id])) >= 3);
});

test('two tabs of one family both see everything', async () => {
  const {page, context} = await member();
  const second = await context.newPage();
  await second.goto(world.proxy.url);
  await connection(second, 'live');
  await Promise.all([watch(page), watch(second)]);
  for (const tab of [page, second]) await tab.waitForFunction(() => window.watcher.connection === 'live');
  const id = await submit(page);
  for (const tab of [page, second]) {
    await allOver(tab, [id]);
    await assertWhole(tab, [id]);
  }
});

test('an ended session is noticed, and everything continues after a sign-in', async () => {
  const {page, context, family} = await member();
  await page.getByText('Nothing under way').waitFor();
  await context.clearCookies();
  world.proxy.killSockets();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await screenshot(page, 'session-ended');
  await dialog.getByLabel('Password').fill(family.password);
  await dialog.getByRole('button', {name: 'Sign in'}).click();
  await dialog.waitFor({state: 'detached'});
  await connection(page, 'live');
  await watch(page);
  await allOver(page, [await submit(page)]);
  await page.locator('.task[data-status="completed"]').waitFor();
});
