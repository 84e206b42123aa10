import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError, TaskFailed} from '../index.js';
import {assertWhole, bench, connect, live} from './setup.js';
import {MemoryStorage, collect, until} from './signals.js';

test('a task is submitted, followed and gives its result', async () => {
  const client = connect();
  const task = await client.submit('echo', {hello: 'you'});
  const seen = collect(task.updates());
  bench.emit(task.id, {status: 'processing', attempts: 1});
  bench.emit(task.id, {progress: {message: 'half', percent: 50}});
  bench.finish(task.id, {message: 'hi'});
  assert.deepEqual(await task.result(), {message: 'hi'});
  assert.deepEqual((await seen).map(({seq, status}) => [seq, status]),
    [[1, 'pending'], [2, 'processing'], [3, 'processing'], [4, 'completed']]);
});

test('one frame for several updates is read as each of them', async () => {
  const client = connect();
  const task = await client.submit('echo');
  await live(client);
  const seen = collect(task.updates());
  const before = bench.requests.length;
  bench.together(() => {
    bench.emit(task.id, {status: 'processing', attempts: 1});
    bench.emit(task.id, {progress: {message: 'half', percent: 50}});
    bench.finish(task.id, {message: 'hi'});
  });
  const updates = await seen;
  assertWhole(updates, task.id, 4);
  assert.deepEqual(updates.slice(1).map(({event}) => event), ['started', 'progress', 'completed']);
  assert.deepEqual(updates.at(-1).result, {message: 'hi'});
  assert.equal(updates.some((update) => 'earlier' in update), false);
  assert.deepEqual(bench.requests.slice(before), [], 'nothing was read again over HTTP');
});

test('an iterator that starts late is given what came before', async () => {
  const client = connect();
  const task = await client.submit('echo');
  bench.emit(task.id, {status: 'processing'});
  bench.finish(task.id, 1);
  await task.result();
  assertWhole(await collect(task.updates()), task.id, 3);
  assertWhole(await collect(client.task(task.id).updates({after: 0})), task.id, 3);
});

test('each update says what happened, also where it was read from the history', async () => {
  const client = connect({sockets: false});
  const id = bench.create('echo');
  bench.emit(id, {status: 'processing'});
  bench.emit(id, {progress: {message: 'half'}});
  const seen = collect(client.task(id).updates());
  await until(() => client.task(id).snapshot, 'the first state');
  bench.finish(id);
  assert.deepEqual((await seen).map(({event}) => event), ['submitted', 'started', 'progress', 'completed']);
});

test('a refused task rejects with the message of the server', async () => {
  const client = connect();
  const task = await client.submit('friend.ask', {friendName: 'nobody'});
  bench.emit(task.id, {status: 'failed', error: 'There is no nobody.'});
  await assert.rejects(task.result(), (error) => error instanceof TaskFailed && error.message === 'There is no nobody.');
});

test('the same key gives the same task, another payload under it is an error', async () => {
  const client = connect();
  const [first, second] = [await client.submit('echo', {a: 1}, {idempotencyKey: 'k'}), await client.submit('echo', {a: 1}, {idempotencyKey: 'k'})];
  assert.equal(first.id, second.id);
  await assert.rejects(client.submit('echo', {a: 2}, {idempotencyKey: 'k'}), (error) => error instanceof ApiError && error.status === 422);
});

test('a truncated result is fetched', async () => {
  const client = connect();
  const task = await client.submit('echo');
  const whole = {long: 'x'.repeat(1000)};
  bench.emit(task.id, {status: 'completed', result: undefined});
  bench.tasks.get(task.id).result = whole;
  assert.deepEqual(await task.result(), whole);
});

test('signing out forgets the position', async () => {
  const storage = new MemoryStorage();
  const client = connect({storage});
  await live(client);
  await until(() => storage.size === 1, 'a kept position');
  client.close({forget: true});
  assert.equal(storage.size, 0);
  assert.deepEqual(client.tasks(), []);
});

test('two clients of one owner each see everything', async () => {
  const [one, two] = [connect(), connect()];
  const seen = [[], []];
  one.onUpdate((update) => seen[0].push(update));
  two.onUpdate((update) => seen[1].push(update));
  await Promise.all([live(one), live(two)]);
  const task = await one.submit('echo');
  bench.finish(task.id);
  await until(() => seen.every((updates) => updates.length === 2), 'both');
  for (const updates of seen) assertWhole(updates, task.id, 2);
});

test('an error of a listener is reported and does not stop the others', async (t) => {
  const report = t.mock.method(console, 'error', () => {});
  const client = connect();
  const seen = [];
  client.onUpdate(() => {
    throw new Error('a fault of the page');
  });
  client.onUpdate((update) => seen.push(update));
  await live(client);
  bench.create('echo');
  await until(() => seen.length === 1, 'the second listener');
  assert.equal(report.mock.calls[0].arguments[0].message, 'a fault of the page');
});

test('a closed client rests until it is update to connect', async () => {
  const client = connect();
  await live(client);
  client.close();
  const asked = bench.requests.length;
  client.task('018f0000-0000-7000-8000-000000000001');
  client.onUpdate(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(client.connection, 'idle');
  assert.equal(bench.requests.length, asked);
  await live(client);
});
