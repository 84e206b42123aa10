import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError, createClient} from '../index.js';

/** A client whose requests go to `answer`. */
function clientOf(answer) {
  const sent = [];
  const fetch = async (url, {method = 'GET', body} = {}) => {
    sent.push([method, new URL(url).pathname, body && JSON.parse(body)]);
    const [status, json] = answer(method, new URL(url).pathname);
    return new Response(JSON.stringify(json), {status, headers: {'content-type': 'application/json'}});
  };
  return {client: createClient({apiUrl: 'http://api.example', getToken: () => 'token', fetch, sockets: false, storage: null}), sent};
}

test('an answer is a signal of its name', async () => {
  const {client, sent} = clientOf(() => [202, {}]);
  await client.task('t1').answer('approve', {decision: 'approved'});
  client.close();
  assert.deepEqual(sent.filter(([method]) => method === 'POST'),
    [['POST', '/api/tasks/t1/signals/approve', {value: {decision: 'approved'}}]]);
});

test('a second answer is an error with its status', async () => {
  const {client} = clientOf((method) => method === 'POST' ? [409, {code: 'already_answered', message: 'no'}] : [200, {items: []}]);
  await assert.rejects(client.task('t1').answer('a', 1), (error) => error instanceof ApiError && error.status === 409);
  client.close();
});

test('open questions go with the update that ends the wait', async () => {
  const {client} = clientOf(() => [200, {items: []}]);
  const ask = {name: 'approve', kind: 'approval', schema: {}, shown: {}, expiresAt: null, answerToken: null};
  client.tasksKnown.learn({id: 't1', type: 'x', status: 'pending', seq: 4, attempts: 0, maxAttempts: 3, asks: [ask]});
  assert.deepEqual(client.task('t1').snapshot.asks, [ask]);
  client.tasksKnown.learn({id: 't1', type: 'x', status: 'processing', seq: 6, attempts: 1, maxAttempts: 3});
  assert.equal(client.task('t1').snapshot.asks, undefined);
  client.close();
});
