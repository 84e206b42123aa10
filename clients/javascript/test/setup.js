import assert from 'node:assert/strict';
import {afterEach, beforeEach} from 'node:test';
import {WebSocket} from 'ws';
import {createClient} from '../index.js';
import {Bench} from './bench.js';
import {until} from './signals.js';

const QUICK = {ping: 60, pong: 80, connect: 300, backoff: 5, backoffMax: 40, patience: 60, pollBusy: 10, pollIdle: 10, grace: 15};

/** A server of each test's own. */
export let bench;
let clients;

beforeEach(async () => {
  bench = await new Bench().open();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await bench.close();
});

/** A client of it, in a hurry. */
export function connect(options = {}) {
  const client = createClient({apiUrl: bench.url, WebSocket, storage: null, ...options, timing: {...QUICK, ...options.timing}});
  clients.push(client);
  return client;
}

export async function live(client) {
  client.connect();
  await until(() => client.connection === 'live', 'the client to be live');
}

/** Every update was given once and in order, none is missing. */
export function assertWhole(updates, id, count) {
  const seqs = updates.filter((update) => update.id === id).map((update) => update.seq);
  assert.deepEqual(seqs, Array.from({length: count}, (_, i) => i + 1));
}
