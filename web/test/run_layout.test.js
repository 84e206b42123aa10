import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MOST_SIBLINGS, axisOf, moved, openAtFirst, rowsOf} from '../operators/runs/layout.js';

const START = Date.parse('2026-11-30T12:00:00Z');
const at = (ms) => new Date(START + ms).toISOString();
const span = (kind, start, end, more = {}) => ({kind, name: null, attempt: null, start: at(start), end: end === null ? null : at(end), outcome: null, unexplainedMs: null, ...more});
const node = (id, parentId, spans, more = {}) => ({id, parentId, type: 'x', status: 'completed', attempts: 1, maxAttempts: 3, createdAt: at(0), finishedAt: at(1_000), spans, ...more});

const RUN = {
  taskId: 'kid',
  nodes: [
    node('root', null, [span('queued', 0, 20), span('attempt', 20, 500, {attempt: 1, outcome: 'waiting'}), span('step', 30, 60, {attempt: 1, name: 'locate'}), span('children', 500, 900, {name: 'kids'}), span('attempt', 900, 1_000, {attempt: 2, outcome: 'completed'})]),
    node('kid', 'root', [span('queued', 500, 510), span('attempt', 510, 600, {attempt: 1, outcome: 'retrying'}), span('retry-wait', 600, 700), span('attempt', 700, 800, {attempt: 2, outcome: 'completed'})], {type: 'kid', finishedAt: at(800)}),
  ],
};

test('a run is a tree: spans below their task, steps below their attempt, children last', () => {
  const rows = rowsOf(RUN, openAtFirst(RUN), START + 1_000);
  assert.deepEqual(rows.map(({level, name}) => `${level} ${name}`), [
    '1 x', '2 Queued', '2 Attempt 1', '3 locate', '2 Waits for children: kids', '2 Attempt 2',
    '2 kid', '3 Queued', '3 Attempt 1', '3 Waits for the next attempt', '3 Attempt 2',
  ]);
  assert.deepEqual(rows.filter(({isFailed}) => isFailed).map(({key}) => key), ['kid/1']);
  assert.deepEqual([rows[6].position, rows[6].siblings, rows[6].canOpen, rows[6].isOpen], [5, 5, true, true]);
  assert.equal(rowsOf(RUN, new Set(), START + 1_000).length, 1);
});

test('a task whose parent is not shown is a root of its own', () => {
  assert.deepEqual(rowsOf({nodes: [node('a', 'elsewhere', [])]}, new Set(), START).map(({level}) => level), [1]);
});

test('many siblings of one type fold into one row with its counts', () => {
  const kids = Array.from({length: MOST_SIBLINGS + 5}, (_, i) => node(`k${i}`, 'root', [], {type: 'kid', status: i ? 'completed' : 'dead-letter'}));
  const run = {nodes: [RUN.nodes[0], ...kids], taskId: 'root'};
  const rows = rowsOf(run, new Set(['root']), START + 1_000);
  const fold = rows.at(-1);
  assert.deepEqual([fold.name, fold.status, fold.isFailed, fold.canOpen], [`kid × ${kids.length}`, '24 completed, 1 failed', true, true]);
  assert.equal(rowsOf(run, new Set(['root', fold.key]), START).length, rows.length + kids.length);
});

test('the axis keeps the order of moments, from its begin to its end', () => {
  const axis = axisOf(RUN, START + 1_000);
  assert.deepEqual([axis.at(START), axis.at(START + 1_000), axis.length, axis.cuts], [0, 1, 1_000, []]);
  for (let ms = 1; ms <= 1_000; ms += 1) assert.ok(axis.at(START + ms) >= axis.at(START + ms - 1));
});

test('a night in which nothing ran is cut, and the rest keeps its room', () => {
  const night = 8 * 3_600_000;
  const run = {nodes: [node('a', null, [span('attempt', 0, 500, {attempt: 1}), span('sleep', 500, night), span('attempt', night, night + 500, {attempt: 2})], {finishedAt: at(night + 500)})]};
  const axis = axisOf(run, START + night + 500);
  assert.deepEqual(axis.cuts.map(({ms}) => ms), [night - 500]);
  assert.ok(Math.abs(axis.cuts[0].to - axis.cuts[0].from - 0.04) < 1e-9);
  assert.ok(Math.abs(axis.at(START + 500) - 0.48) < 1e-9);
  assert.ok(axis.at(START + night + 500) > 0.999);
});

test('the axis of a running run grows in steps', () => {
  const run = {nodes: [node('a', null, [span('attempt', 0, null, {attempt: 1})], {finishedAt: null, status: 'processing'})]};
  const lengths = new Set(Array.from({length: 100}, (_, i) => axisOf(run, START + 1_000 + i * 10).end - START));
  assert.ok(lengths.size <= 5, `${lengths.size} lengths while the run doubles`);
  assert.ok(axisOf(run, START + 2_000).at(START + 2_000) < 1);
});

test('arrows walk a tree grid, and brackets walk its failures', () => {
  const rows = rowsOf(RUN, openAtFirst(RUN), START + 1_000);
  const to = (index, key) => moved(rows, index, key);
  assert.deepEqual([to(0, 'ArrowDown'), to(0, 'ArrowUp'), to(3, 'Home'), to(0, 'End')], [1, 0, 0, 10]);
  assert.deepEqual([to(0, 'ArrowRight'), to(3, 'ArrowLeft'), to(3, 'ArrowRight')], [1, 2, 3]);
  assert.deepEqual([to(0, ']'), to(10, '['), to(10, ']'), to(0, 'x')], [8, 8, 10, undefined]);
});
