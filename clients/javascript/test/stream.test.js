import assert from 'node:assert/strict';
import {test} from 'node:test';
import {StreamPosition} from '../src/stream.js';
import {bench, connect, live} from './setup.js';
import {until} from './signals.js';

/** Read a stream to its end; return the text that a page would show, and the number of restarts. */
async function readAll(handle, name = 'answer') {
  const shown = {text: '', restarts: 0, done: false};
  for await (const {text, restarted, done} of handle.stream(name)) {
    if (restarted) shown.restarts += 1;
    shown.text = (restarted ? '' : shown.text) + text;
    shown.done = done;
  }
  return shown;
}

const TEXTS = ['A trip ', 'to Bergen 🚂', ' takes ', 'seven hours.'];

test('a page reads the text while it grows', async () => {
  const client = connect();
  await live(client);
  const id = bench.create('ask');
  const shown = readAll(client.task(id));
  for (const word of TEXTS) bench.write(id, 'answer', word);
  bench.write(id, 'answer', '', {done: true});
  assert.deepEqual(await shown, {text: TEXTS.join(''), restarts: 0, done: true});
});

test('a page that comes late reads what was written before', async () => {
  const id = bench.create('ask');
  bench.write(id, 'answer', TEXTS[0]);
  const client = connect();
  const parts = client.task(id).stream('answer');
  assert.deepEqual((await parts.next()).value, {text: TEXTS[0], restarted: false, done: false});
  bench.write(id, 'answer', TEXTS[1], {done: true});
  assert.deepEqual((await parts.next()).value, {text: TEXTS[1], restarted: false, done: true});
  assert.equal((await parts.next()).done, true);
});

test('a handler that runs again replaces the text', async () => {
  const client = connect();
  await live(client);
  const id = bench.create('ask');
  const shown = readAll(client.task(id));
  bench.write(id, 'answer', 'A trip to Be');
  await until(() => client.task(id).snapshot?.seq === 2, 'the first part');
  bench.write(id, 'answer', TEXTS[0], {restart: true});
  for (const word of TEXTS.slice(1)) bench.write(id, 'answer', word);
  bench.write(id, 'answer', '', {done: true});
  assert.equal((await shown).text, TEXTS.join(''));
});

test('two streams of a task do not mix', async () => {
  const client = connect();
  await live(client);
  const id = bench.create('ask');
  const [answer, notes] = [readAll(client.task(id)), readAll(client.task(id), 'notes #2')];
  for (const word of TEXTS) {
    bench.write(id, 'answer', word);
    bench.write(id, 'notes #2', word.toUpperCase());
  }
  bench.write(id, 'notes #2', '', {done: true});
  bench.write(id, 'answer', '', {done: true});
  assert.equal((await answer).text, TEXTS.join(''));
  assert.equal((await notes).text, TEXTS.join('').toUpperCase());
});

test('without a socket the text comes by polling', async () => {
  bench.blocked = true;
  const client = connect();
  const id = bench.create('ask');
  const shown = readAll(client.task(id));
  for (const word of TEXTS) {
    bench.write(id, 'answer', word);
    await until(() => client.task(id).snapshot?.seq === bench.tasks.get(id).seq, 'the poller');
  }
  bench.write(id, 'answer', '', {done: true});
  assert.equal((await shown).text, TEXTS.join(''));
});

test('the end of the task ends a stream that has no end', async () => {
  const client = connect();
  await live(client);
  const id = bench.create('ask');
  const shown = readAll(client.task(id));
  bench.write(id, 'answer', TEXTS[0]);
  bench.emit(id, {status: 'failed', error: 'No more.'});
  assert.deepEqual(await shown, {text: TEXTS[0], restarts: 0, done: false});
});

test('every token once, whatever is lost and cut', async () => {
  const client = connect();
  await live(client);
  const id = bench.create('ask');
  const shown = readAll(client.task(id));
  let expected = '';
  const write = (count, restart) => {
    if (restart) expected = '';
    for (let n = 0; n < count; n += 1) {
      const token = `${Math.random().toString(36).slice(2, 6)} é🚂`;
      expected += token;
      bench.write(id, 'answer', token, {restart: restart && n === 0});
    }
  };
  for (let round = 0; round < 40; round += 1) {
    write(20, round === 13 || round === 29);
    if (round % 4 === 1) bench.lost = 3;
    if (round % 4 === 3) bench.killSockets();
    if (round === 20) bench.cut();
    if (round === 22) bench.restore();
    await new Promise((done) => setImmediate(done));
  }
  bench.write(id, 'answer', '', {done: true});
  assert.equal((await shown).text, expected);
});

test('an iterator that is aborted ends', async () => {
  const client = connect();
  const id = bench.create('ask');
  const ended = new AbortController();
  const parts = client.task(id).stream('answer', {signal: ended.signal});
  const next = parts.next();
  await until(() => bench.requests.some((request) => request.includes('/streams/')), 'the first read');
  ended.abort();
  assert.equal((await next).done, true);
});

test('a position gives each character once', () => {
  const position = new StreamPosition();
  assert.deepEqual(position.take({generation: 1, offset: 0, text: 'ab🚂', done: false}), {text: 'ab🚂', restarted: false, done: false});
  assert.equal(position.take({generation: 1, offset: 2, text: '🚂', done: false}), undefined);
  assert.equal(position.isAhead({generation: 1, offset: 4, text: 'x', done: false}), true);
  assert.deepEqual(position.take({generation: 1, offset: 2, text: '🚂cd', done: false}), {text: 'cd', restarted: false, done: false});
  assert.equal(position.take({generation: 0, offset: 0, text: 'old', done: true}), undefined);
  assert.deepEqual(position.take({generation: 2, offset: 0, text: '', done: false}), {text: '', restarted: true, done: false});
  assert.deepEqual(position.take({generation: 2, offset: 0, text: '', done: true}), {text: '', restarted: false, done: true});
  assert.equal(position.take({generation: 2, offset: 0, text: '', done: true}), undefined);
});
