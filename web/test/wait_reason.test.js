import assert from 'node:assert/strict';
import {afterEach, before, test} from 'node:test';
import {render} from '../shared/vendor/preact.js';
import {clock} from '../families/times.js';
import {serve, settled, show, textOf} from './page.js';

const NOW = new Date(2026, 10, 30, 14, 2);
const moment = (day, hour) => new Date(2026, 10, day, hour, 30).toISOString();
const WAITING = {reason: 'answer', sentence: 'It waits for your answer.', since: moment(30, 13), until: moment(34, 18), act: 'answer'};

const ANSWERS = {};
let asked;
let view;

before(async () => {
  asked = serve(ANSWERS);
  localStorage.setItem('playmate-user', JSON.stringify({id: 1, name: 'Amira'}));
  view = await import('../families/components/wait_reason.js');
});

const shown = [];

async function reasonOf(task) {
  const page = await show(view.WaitReason, {task, patience: 0});
  shown.push(page);
  return page;
}

afterEach(() => {
  for (const page of shown.splice(0)) render(null, page); // it would read again for ever
});

const task = (more = {}) => ({id: 't1', type: 'x', status: 'pending', seq: 3, ...more});

const answer = (waitingFor) => ({status: 200, json: {...task(), waitingFor}});

test('a near moment is a time, a day with a time, or a date', () => {
  assert.equal(clock(moment(30, 13), NOW), '13:30');
  assert.match(clock(moment(34, 18), NOW), /^Friday.* 18:30$/);
  assert.match(clock(moment(60, 18), NOW), /^30 December.* 18:30$/);
});

test('each reason says when it began or ends', () => {
  const times = (reason) => view.waitTimes({...WAITING, reason}, NOW);
  assert.match(times('answer'), /^Since 13:30, until Friday.* 18:30\.$/);
  assert.match(times('retry'), /^Next try: Friday.* 18:30\.$/);
  assert.match(times('schedule'), /^Time: Friday.* 18:30\.$/);
  assert.equal(times('turn'), '');
  assert.equal(view.waitTimes({...WAITING, since: null}, NOW).slice(0, 5), 'Until');
});

test('a task that waits shows its reason, and a running one asks for none', async () => {
  ANSWERS['GET /api/tasks/t1'] = answer(WAITING);
  const page = await reasonOf(task());
  while (!textOf(page)) await settled();
  assert.match(textOf(page), /^It waits for your answer\. Since /);
  const reads = () => asked.filter((each) => each === 'GET /api/tasks/t1').length;
  assert.equal(reads(), 1);
  for (const status of ['processing', 'completed']) assert.equal(textOf(await reasonOf(task({status}))), '');
  assert.equal(reads(), 1);
});

test('a task without a reason, or whose read fails, shows nothing', async () => {
  ANSWERS['GET /api/tasks/t1'] = answer({kind: 'sleep', name: 'nap', until: null});
  assert.equal(textOf(await reasonOf(task())), '');
  delete ANSWERS['GET /api/tasks/t1'];
  const page = await reasonOf(task());
  await settled();
  assert.equal(textOf(page), '');
});
