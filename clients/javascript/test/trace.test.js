import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError, TaskFailed, Unreachable, createClient} from '../index.js';
import {bench, connect} from './setup.js';

const WELL_FORMED = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/;

/** The traceparents that requests came with. */
function tracesOf(request) {
  return bench.traces.filter((_, i) => bench.requests[i] === request);
}

test('each submit begins a trace, and the task bears its id', async () => {
  const client = connect();
  const tasks = [await client.submit('echo'), await client.submit('echo')];
  const traces = tracesOf('POST /api/tasks');
  for (const trace of traces) assert.match(trace, WELL_FORMED);
  assert.equal(new Set(traces.map((trace) => trace.slice(0, 35))).size, 2);
  assert.deepEqual(tasks.map((task) => task.snapshot.traceId), traces.map((trace) => trace.split('-')[1]));
});

test('the frames of a task keep its trace', async () => {
  const client = connect();
  const task = await client.submit('echo');
  bench.emit(task.id, {status: 'failed', error: 'No.'});
  const [trace] = tracesOf('POST /api/tasks');
  await assert.rejects(task.result(), (error) => error instanceof TaskFailed && error.traceId === trace.split('-')[1]);
});

test('a submit that is sent again stays in its trace', async () => {
  const client = connect({sockets: false});
  bench.hangsUp = 2;
  await client.submit('echo');
  const traces = tracesOf('POST /api/tasks');
  assert.equal(new Set(traces).size, 1);
  assert.match(traces[0], WELL_FORMED);
});

test('an error names the trace of its request', async () => {
  const client = connect();
  await assert.rejects(client.request('GET', '/api/tasks/nowhere'),
    (error) => error instanceof ApiError && error.traceId === tracesOf('GET /api/tasks/nowhere')[0].split('-')[1]);
  bench.cut();
  await assert.rejects(client.request('POST', '/api/friends/ask', {}),
    (error) => error instanceof Unreachable && /^[0-9a-f]{32}$/.test(error.traceId));
});

test('where the answer names its own trace, that one counts', async () => {
  const fetch = async () => new Response('{"message": "no", "traceId": "f00d"}', {status: 400});
  const client = createClient({apiUrl: 'http://api.example', storage: null, sockets: false, fetch});
  await assert.rejects(client.request('POST', '/x', {}), (error) => error.traceId === 'f00d');
});

test('a page that traces by itself hands in its own', async () => {
  const mine = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const client = connect({traceparent: () => mine});
  const task = await client.submit('echo');
  assert.equal(task.snapshot.traceId, 'a'.repeat(32));
});

test('a plain read of another origin by cookie is not made to ask beforehand', async (t) => {
  t.after(() => delete globalThis.location);
  globalThis.location = new URL('https://app.example/');
  const sent = [];
  const fetch = async (url, {method, headers}) => {
    sent.push([method, headers.traceparent !== undefined]);
    return new Response('{}');
  };
  for (const [apiUrl, getToken] of [['https://api.example'], ['https://api.example', () => 'token'], ['']]) {
    const client = createClient({apiUrl, getToken, storage: null, sockets: false, fetch});
    await client.request('GET', '/x');
    await client.request('POST', '/x', {});
  }
  assert.deepEqual(sent, [['GET', false], ['POST', true], ['GET', true], ['POST', true], ['GET', true], ['POST', true]]);
});
