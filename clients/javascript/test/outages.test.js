import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertWhole, bench, connect, live} from './setup.js';
import {MemoryStorage, collect, until} from './signals.js';

test('a submit whose answer was lost is sent again and makes one task', async () => {
  bench.cut();
  const client = connect({timing: {backoff: 40}});
  const submitted = client.submit('echo');
  setTimeout(() => bench.restore(), 20);
  await submitted;
  assert.equal(bench.tasks.size, 1);
});

test('requests that are never answered are given up, and the client goes on', async () => {
  bench.silent = 3;
  const client = connect({timing: {answer: 50}});
  const seen = [];
  client.onUpdate((update) => seen.push(update));
  await live(client);
  assert.equal(bench.silent, 0);
  bench.silent = 1;
  const handle = await client.submit('echo');
  await until(() => seen.length === 1, 'the first update');
  assert.equal(bench.tasks.size, 1);
  bench.silent = 1;
  await assert.rejects(client.request('GET', '/api/tasks'), {name: 'Unreachable'});
  const stopped = new AbortController();
  bench.silent = 1;
  const asked = client.request('GET', '/api/tasks', undefined, {signal: stopped.signal});
  stopped.abort(new Error('enough'));
  await assert.rejects(asked, {message: 'enough'});
  assert.equal(seen[0].id, handle.id);
});

test('200 updates come once and in order though the socket is killed 100 times', async () => {
  const client = connect();
  const seen = [];
  client.onUpdate((update) => seen.push(update));
  await live(client);
  const id = bench.create('echo');
  let kills = 0;
  for (let step = 2; step < 200; step += 1) {
    bench.emit(id, {progress: {step}});
    if (step % 2 === 0 || kills < step - 100) {
      bench.killSockets();
      kills += 1;
    }
    if (Math.random() < 0.5) await new Promise((resolve) => setTimeout(resolve, Math.random() * 25));
  }
  bench.killSockets();
  bench.finish(id);
  await until(() => seen.at(-1)?.status === 'completed', 'the last update', 15_000);
  assert.ok(kills + 1 >= 100, `${kills + 1} kills`);
  assertWhole(seen, id, 200);
});

test('a lost push is found by the next ping', async () => {
  const client = connect();
  const seen = [];
  client.onUpdate((update) => seen.push(update));
  await live(client);
  const id = bench.create('echo');
  await until(() => seen.length === 1, 'the first update');
  bench.lost = 1;
  bench.emit(id, {status: 'processing'});
  await until(() => seen.length === 2, 'the lost update');
  assertWhole(seen, id, 2);
});

test('a push that overtook a lost one waits for it', async () => {
  const client = connect();
  const seen = [];
  client.onUpdate((update) => seen.push(update));
  await live(client);
  const id = bench.create('echo');
  bench.lost = 2;
  bench.emit(id, {status: 'processing'});
  bench.emit(id, {progress: 1});
  bench.emit(id, {progress: 2});
  bench.finish(id);
  await until(() => seen.at(-1)?.status === 'completed', 'the end');
  assertWhole(seen, id, 5);
});

test('blocked sockets are replaced by polling, and polling by the socket once it works', async () => {
  bench.blocked = true;
  const client = connect();
  const seen = [];
  client.onUpdate((update) => seen.push(update));
  await until(() => client.connection === 'polling', 'polling');
  const id = bench.create('echo');
  bench.emit(id, {progress: 1});
  bench.emit(id, {progress: 2});
  await until(() => seen.length === 3, 'updates by polling');
  bench.blocked = false;
  await until(() => client.connection === 'live', 'the socket');
  bench.finish(id);
  await until(() => seen.length === 4, 'an update by socket');
  assertWhole(seen, id, 4);
});

test('without sockets at all it polls at once', async () => {
  const client = connect({sockets: false});
  const task = await client.submit('echo');
  bench.finish(task.id, 'done');
  assert.equal(await task.result(), 'done');
});

test('a cut network is survived and text', async () => {
  const client = connect();
  const states = [];
  client.onConnection((state) => states.push(state));
  await live(client);
  const task = await client.submit('echo');
  const seen = collect(task.updates());
  bench.cut();
  await until(() => client.connection === 'offline', 'offline');
  bench.emit(task.id, {status: 'processing'});
  bench.emit(task.id, {progress: 1});
  bench.restore();
  await until(() => client.connection === 'live', 'live again');
  bench.finish(task.id);
  assertWhole(await seen, task.id, 4);
  assert.equal(states[0], 'connecting');
});

test('a half-open socket is noticed by its silence', async () => {
  const client = connect();
  await live(client);
  bench.mute = true;
  await until(() => client.connection !== 'live', 'the silence to be noticed');
  bench.mute = false;
  await until(() => client.connection === 'live', 'a new socket');
});

test('after a reload the same tab goes on where it was', async () => {
  const storage = new MemoryStorage();
  const before = connect({storage});
  const seen = [];
  before.onUpdate((update) => seen.push(update));
  await live(before);
  const id = bench.create('echo');
  bench.emit(id, {progress: 1});
  await until(() => seen.length === 2 && before.connection === 'live', 'the updates before');
  before.close();
  bench.emit(id, {progress: 2});
  bench.finish(id, 'done');

  const after = connect({storage});
  after.onUpdate((update) => seen.push(update));
  assert.equal(await after.task(id).result(), 'done');
  await until(() => seen.length === 4, 'the updates after');
  assertWhole(seen, id, 4);
  assert.deepEqual((await collect(after.task(id).updates())).map(({seq}) => seq), [3, 4]);
});

test('a task over before the reload is known after it', async () => {
  const storage = new MemoryStorage();
  const before = connect({storage});
  const task = await before.submit('echo');
  bench.finish(task.id, 'done');
  await task.result();
  await until(() => before.connection === 'live', 'a settled position');
  before.close();
  const after = connect({storage});
  assert.equal(await after.task(task.id).result(), 'done');
  assert.deepEqual(await collect(after.task(task.id).updates()), []);
});

test('a cursor the server no longer knows is dropped', async () => {
  const storage = new MemoryStorage();
  storage.setItem(`agent-orchestrator:${bench.url}:`, JSON.stringify({cursor: 'c999', seqs: []}));
  const client = connect({storage});
  await live(client);
  assert.deepEqual(bench.subscriptions, ['c999', undefined]);
});

test('a refused token is replaced once', async () => {
  let token = 'old';
  const client = connect({getToken: ({expired}) => (expired ? (token = 'new') : token)});
  await live(client);
  assert.equal(client.connection, 'live');
});

test('an ended session says so, and goes on after the next sign-in', async () => {
  const client = connect();
  const task = await client.submit('echo');
  const seen = collect(task.updates());
  await live(client);
  bench.expired = true;
  bench.killSockets();
  await until(() => client.connection === 'expired', 'the end of the session');
  const asked = bench.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(bench.requests.length, asked, 'it keeps asking');
  bench.expired = false;
  client.connect();
  bench.finish(task.id);
  assertWhole(await seen, task.id, 2);
});

test('the socket is replaced before its time is over, without a gap', async () => {
  const client = connect({timing: {rotate: 50}});
  const seen = [];
  const states = new Set();
  client.onUpdate((update) => seen.push(update));
  await live(client);
  client.onConnection((state) => states.add(state));
  const id = bench.create('echo');
  for (let step = 2; step < 60; step += 1) {
    bench.emit(id, {progress: step});
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  bench.finish(id);
  await until(() => seen.at(-1)?.status === 'completed', 'the end');
  assertWhole(seen, id, 60);
  assert.ok(bench.requests.filter((line) => line.endsWith('/ticket')).length > 3);
  assert.deepEqual([...states], []);
});

test('a tail that no frame brings is taken at its word after one more subscription', async () => {
  bench.renamesTail = true;
  const storage = new MemoryStorage();
  const client = connect({storage});
  const seen = [];
  client.onUpdate((update) => seen.push(update));
  await live(client);
  const kept = () => JSON.parse(storage.getItem(`agent-orchestrator:${bench.url}:`) ?? '{}').cursor;
  await until(() => kept() === 'c0.whole', 'the position to be sure');
  assert.equal(bench.subscriptions.length, 2);
  const id = bench.create('echo');
  bench.finish(id);
  await until(() => seen.length === 2, 'updates');
  assertWhole(seen, id, 2);
});
