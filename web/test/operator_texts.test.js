import assert from 'node:assert/strict';
import {test} from 'node:test';
import {hashOf, routeOf} from '../operators/route.js';
import {runsOf} from '../operators/components/figures.js';
import {ago, auditText, duration, eventText, flagText, percent, plural, rate, short} from '../operators/texts.js';
import {idIn} from '../operators/views/filters.js';

const VIEWS = ['overview', 'tasks', 'audit'];

test('an address is read and written without loss', () => {
  const route = {view: 'tasks', id: 'a/b', query: {status: 'failed', type: 'friend.ask'}};
  assert.deepEqual(routeOf(hashOf(route), VIEWS), route);
  assert.deepEqual(routeOf('#nowhere/1', VIEWS), {view: 'overview', id: '', query: {}});
  assert.deepEqual(routeOf('#tasks/%E0%A4%A', VIEWS), {view: 'tasks', id: '', query: {}});
  assert.equal(hashOf({view: 'tasks', query: {owner: '', type: undefined}}), '#tasks');
});

test('durations and figures have the digits that their size deserves', () => {
  assert.deepEqual([0, 80, 2_400, 42_000, 180_000, 18_000_000, 172_800_000].map((ms) => duration(ms)), ['0 ms', '80 ms', '2.4 s', '42 s', '3 min', '5 h', '2 d']);
  assert.deepEqual([0, 0.5, 12.34, 1_234.5].map(rate), ['0', '0.50', '12.3', '1,235']);
  assert.deepEqual([0, 0.034, 0.25].map(percent), ['0 %', '3.4 %', '25 %']);
  assert.equal(plural(1, 'task'), '1 task');
  assert.equal(plural(2_000, 'task'), '2,000 tasks');
  assert.equal(ago(900, 1_000), 'now');
  assert.equal(ago(new Date(0), 5_000), '5.0 s ago');
  assert.equal(ago(new Date(5_000), 0), 'in 5.0 s');
});

test('events name the actor and the reason', () => {
  assert.equal(eventText({kind: 'cancelled', data: {by: 'operator 7', reason: 'a wrong import'}}), 'Cancelled, by operator 7: a wrong import');
  assert.equal(eventText({kind: 'step', data: {step: 'insight.locate', tookMs: 3}}), 'insight.locate, 3 ms');
  assert.equal(eventText({kind: 'waiting', data: {for: 'friend.recommendations', children: 2}}), 'Waits for 2 children of friend.recommendations');
  assert.equal(eventText({kind: 'a-new-kind', data: null}), 'a-new-kind');
});

test('the audit trail is readable', () => {
  assert.equal(auditText({action: 'redrive', detail: {tasks: 12, type: 'echo', canary: true}}), 'Redrove 12 dead letters (type echo), in stages');
  assert.equal(auditText({action: 'flag', detail: {step: 'begun', flag: 'narrative', on: true}}), 'Started: Set the flag narrative: on for everybody');
  assert.equal(flagText({on: false, percent: 20, owners: ['5']}), 'on for 20 % of owners and 1 named owner');
});

test('a task id is distinguished from a trace', () => {
  const id = '01936f3e-7c00-7aaa-8bbb-123456789abc';
  assert.equal(idIn(id), id);
  assert.equal(idIn(id.replaceAll('-', '')), id);
  assert.equal(idIn('f'.repeat(32)), null);
  assert.equal(short(id), '56789abc');
});

test('a curve has a gap where the page read nothing', () => {
  const point = (at, stands = 10) => ({at, stands});
  const runs = runsOf([point(0), point(9), point(30), point(31, 100), point(120, 100), point(260)]).map((run) => run.map(({at}) => at));
  assert.deepEqual(runs, [[0, 9], [30, 31, 120], [260]]);
});
