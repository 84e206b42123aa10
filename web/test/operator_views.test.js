import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {render} from '../shared/vendor/preact.js';
import {serve, settled, show, textOf} from './page.js';

const ID = '01936f3e-7c00-7aaa-8bbb-123456789abc';
const MOMENT = '2026-11-30T12:00:00Z';
const TASK = {
  id: ID, type: 'friend.ask', owner: '7', status: 'failed', attempts: 1, maxAttempts: 3, nextRunAt: null, createdAt: MOMENT, updatedAt: MOMENT,
  finishedAt: '2026-11-30T12:00:00.160Z', progress: null, error: 'We know no family called “X”.', errorDetail: {message: 'We know no family called “X”.', kind: 'refused'},
};
const DETAIL = {
  ...TASK, traceId: 'a'.repeat(32), parentId: null, children: [], payload: {friendName: 'X'}, result: null, flags: {}, eventsTruncated: false,
  notes: [{id: 1, createdAt: MOMENT, actor: 'olga (9)', text: 'asked the family'}],
  why: {reason: 'finished', message: 'It is over.', since: MOMENT},
  events: [
    {seq: 1, kind: 'submitted', attempts: 0, createdAt: MOMENT, data: null},
    {seq: 2, kind: 'started', attempts: 1, createdAt: MOMENT, data: {worker: 'worker-1', version: '1'}},
    {seq: 3, kind: 'failed', attempts: 1, createdAt: '2026-11-30T12:00:00.160Z', data: null},
  ],
};
const FLAGS = {
  version: 3, state: 'COMPLETE', percentDeployed: 100, rollout: null, fault: null, types: ['echo', 'account.forget'],
  flags: [{name: 'amazon_places', on: false, percent: 20, owners: ['5'], custom: false, lastSet: {at: MOMENT, by: 'operator (9)'}}],
};
const AUDIT = {items: [{id: 1, at: MOMENT, actor: 'operator (9)', action: 'cancel', detail: {tasks: 3, owner: '7', reason: 'a wrong import'}}], nextCursor: null};
const DEAD = {
  total: 12, items: [], nextCursor: null,
  groups: [{type: 'echo', version: '1.4.0', fingerprint: 'echo-timeout', count: 12, owners: 3, firstSeen: MOMENT, lastSeen: MOMENT, example: {id: ID, error: {detail: 'TimeoutError: no answer'}}}],
};

let views;

before(async () => {
  serve({
    'GET /ops/tasks': {items: [TASK], nextCursor: null}, [`GET /ops/tasks/${ID}`]: {status: 200, json: DETAIL}, 'GET /ops/flags': FLAGS, 'GET /ops/audit': AUDIT,
    'GET /ops/dead-letters': DEAD, 'GET /ops/redrives': {items: []},
  });
  sessionStorage.setItem('operator-session', JSON.stringify({user: {id: 9, name: 'operator'}, token: 't', ends: Date.now() + 1e6}));
  const names = {Tasks: 'tasks', TaskDetail: 'task_detail', Flags: 'flags', Audit: 'audit', DeadLetters: 'dead_letters'};
  views = Object.fromEntries(await Promise.all(Object.entries(names).map(async ([name, file]) => [name, (await import(`../operators/views/${file}.js`))[name]])));
});

after(async () => (await import('../operators/session.js')).signOut()); // its renewal would wait for its time

/** Render a view, wait for what it reads, and return its text. */
async function read(name, properties) {
  const element = await show(views[name], {user: {id: 9, name: 'operator'}, route: {query: {}, id: ''}, stats: {}, ...properties});
  await settled();
  const text = textOf(element);
  render(null, element); // a view that is shown reads again and again
  return text;
}

function includes(text, parts) {
  for (const part of parts) assert.ok(text.includes(part), `“${part}” in: ${text}`);
}

test('the list of tasks says who, what and why, and a refusal is no failure', async () => {
  includes(await read('Tasks'), ['1 task', 'Refused', 'friend.ask', '7', '1 / 3', 'We know no family called “X”.', '56789abc', 'Export CSV', 'Saved filters']);
});

test('a task says how it ended, on which code, and can run again', async () => {
  includes(await read('TaskDetail', {id: ID, close() {}, linkTo: () => '#'}), ['Refused: We know no family called “X”.', 'Run again…', 'code v1', 'worker-1', 'Attempt 1', '+ 160 ms', 'asked the family', 'olga (9)', 'Add note']);
});

test('each flag has its setting, its sentence and its last change', async () => {
  includes(await read('Flags'), ['Version 3, in force everywhere', 'amazon_places', 'Asks Amazon Location', 'on for 20 % of owners and 1 named owner', 'by operator (9)', 'Off: tasks of type echo wait']);
});

test('the audit names the operator, the deed and the reason', async () => {
  includes(await read('Audit'), ['operator (you)', 'Cancelled 3 tasks (owner 7): a wrong import']);
});

test('dead letters stand in groups of one failure', async () => {
  includes(await read('DeadLetters'), ['12 tasks in 1 group', 'TimeoutError: no answer', 'version 1.4.0', '3 owners', 'Redrive…', 'Discard…']);
});
