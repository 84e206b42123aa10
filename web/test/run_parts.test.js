import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {serve, settled, show, textOf} from './page.js';

const MOMENTS = {createdAt: '2026-11-30T12:00:00Z', finishedAt: '2026-11-30T12:00:02.400Z'};
const part = (id, parentId, type, more = {}) => ({id, parentId, type, status: 'completed', spans: [], ...MOMENTS, ...more});
const RUN = {nodes: [
  part('root', null, 'plan.make'), part('one', 'root', 'friend.recommendations'), part('two', 'root', 'local.insight', {status: 'pending', finishedAt: null}), part('inner', 'one', 'echo'),
]};

let view;

before(async () => {
  serve({'GET /api/tasks/root/tree': RUN, 'GET /api/tasks/inner/tree': RUN});
  localStorage.setItem('playmate-user', JSON.stringify({id: 1, name: 'Amira'}));
  view = await import('../families/components/run_parts.js');
});

test('parts follow their parent, and only those below a task are its parts', () => {
  assert.deepEqual(view.partsOf(RUN, 'root').map(({id, level}) => `${level} ${id}`), ['0 one', '1 inner', '0 two']);
  assert.deepEqual(view.partsOf(RUN, 'two'), []);
  assert.deepEqual(view.partsOf(null, 'root'), []);
});

test('a family reads the parts with their states and times', async () => {
  const page = await show(view.RunParts, {id: 'root', seq: 1});
  while (!textOf(page)) await settled();
  assert.equal(textOf(page).startsWith('2 of 3 parts done'), true, textOf(page));
  assert.match(textOf(page), /Matching the kids2\.4 sDoneEcho2\.4 sDoneNotes on your pointWaiting/);
});

test('a task without parts shows none', async () => {
  const page = await show(view.RunParts, {id: 'inner', seq: 1});
  await settled();
  assert.equal(textOf(page), '');
});
