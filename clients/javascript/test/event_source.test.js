import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {WebSocket} from 'ws';
import {TaskEventSource} from '../index.js';
import {bench} from './setup.js';
import {until} from './signals.js';

const TIMING = {ping: 60, pong: 80, connect: 300, backoff: 5, backoffMax: 40, patience: 60, pollBusy: 10, pollIdle: 10, grace: 15};

const sources = [];
afterEach(() => sources.splice(0).forEach((source) => source.close()));

/** Open a source as a page does that was written for the former stream. */
function open(options = {}) {
  const source = new TaskEventSource(`${bench.url}/api/task-events?since=1`, {
    withCredentials: true, WebSocket, storage: null, timing: TIMING, ...options,
  });
  sources.push(source);
  return source;
}

test('a page of the former stream gets each update once, by property and by listener', async () => {
  const source = open();
  const [properties, listeners, named] = [[], [], []];
  source.onmessage = (event) => properties.push(JSON.parse(event.data));
  source.addEventListener('message', (event) => listeners.push(JSON.parse(event.data)));
  source.addEventListener('task-update', (event) => named.push([event.lastEventId, event.origin]));
  assert.equal(source.readyState, TaskEventSource.CONNECTING);
  await until(() => source.readyState === TaskEventSource.OPEN, 'the source to be open');
  const id = bench.create('echo');
  bench.emit(id, {status: 'processing'});
  bench.finish(id, {message: 'hi'});
  await until(() => properties.at(-1)?.status === 'completed', 'the last update');
  assert.deepEqual(properties.map(({seq, status}) => [seq, status]), [[1, 'pending'], [2, 'processing'], [3, 'completed']]);
  assert.deepEqual(listeners, properties);
  assert.deepEqual(named, [1, 2, 3].map((seq) => [`${id}:${seq}`, new URL(bench.url).origin]));
  assert.deepEqual([source.withCredentials, source.url], [true, `${bench.url}/api/task-events?since=1`]);
});

test('a lost connection is an error, and the next one opens the same source', async () => {
  const source = open();
  const seen = [];
  source.onopen = () => seen.push('open');
  source.onerror = () => seen.push(`error ${source.readyState}`);
  await until(() => source.readyState === TaskEventSource.OPEN, 'the source to be open');
  bench.cut();
  await until(() => seen.at(-1) === `error ${TaskEventSource.CONNECTING}`, 'the error');
  bench.restore();
  await until(() => seen.at(-1) === 'open', 'the source to be open again');
});

test('the end of a session closes the source', async () => {
  const source = open();
  await until(() => source.readyState === TaskEventSource.OPEN, 'the source to be open');
  const closed = new Promise((resolve) => { source.onerror = () => resolve(source.readyState); });
  bench.expired = true;
  bench.killSockets();
  assert.equal(await closed, TaskEventSource.CLOSED);
});

test('a closed source gives nothing more', async () => {
  const source = open();
  const seen = [];
  source.onmessage = (event) => seen.push(event.data);
  await until(() => source.readyState === TaskEventSource.OPEN, 'the source to be open');
  source.close();
  const other = open();
  await until(() => other.readyState === TaskEventSource.OPEN, 'another source to be open');
  const given = new Promise((resolve) => { other.onmessage = resolve; });
  bench.create('echo');
  await given;
  assert.deepEqual([seen, source.readyState], [[], TaskEventSource.CLOSED]);
});
