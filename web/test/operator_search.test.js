import assert from 'node:assert/strict';
import {test} from 'node:test';
import {asLocal, asMoment, meaningsOf} from '../operators/views/filters.js';
import {choiceOf} from '../operators/views/bulk_cancel.js';
import {curlOf, parsed} from '../operators/views/task_detail.js';
import {csvOf, sorted} from '../operators/views/task_table.js';

const TYPES = ['echo', 'friend.ask', 'friend.delete'];
const first = (text, owners) => meaningsOf(text, TYPES, owners)[0].label;

test('the search understands what the table shows', () => {
  assert.equal(first('82891822'), 'id ends with 82891822');
  assert.equal(first('friend.ask'), 'type: friend.ask');
  assert.equal(first('Chloe', [{owner: '3', name: 'Chloe'}]), 'owner: Chloe (3)');
  assert.equal(first('3'), 'owner: 3');
  assert.equal(first('no connection'), 'error contains “no connection”');
  assert.ok(meaningsOf('guardian', TYPES).some(({query}) => query?.error === 'guardian'));
  assert.equal(first('f'.repeat(32)), `trace: ${'f'.repeat(32)}`);
  assert.equal(first('01936f3e-7c00-7aaa-8bbb-123456789abc'), 'task 01936f3e-7c00-7aaa-8bbb-123456789abc');
  assert.deepEqual(meaningsOf('  ', TYPES), []);
});

test('a part of a type is offered, and every text can be searched in errors', () => {
  const labels = meaningsOf('friend', TYPES).map(({label}) => label);
  assert.deepEqual(labels.slice(0, 2), ['type: friend.ask', 'type: friend.delete']);
  assert.equal(labels.at(-1), 'error contains “friend”');
});

test('a bulk cancel is not offered for a filter that it does not have', () => {
  assert.deepEqual(choiceOf({type: 'echo'}), {type: 'echo'});
  assert.equal(choiceOf({type: 'echo', idEnds: 'abcd'}), null);
  assert.equal(choiceOf({type: 'echo', error: 'timeout'}), null);
});

test('an exported table is safe for a spreadsheet', () => {
  const csv = csvOf([{id: '1', type: 'echo', owner: '7', status: 'failed', attempts: 1, maxAttempts: 3, createdAt: 'now', errorDetail: '=1+1, "x"'}]);
  assert.equal(csv.split('\r\n')[1], '1,echo,7,failed,1,3,now,,"\'=1+1, ""x"""');
});

test('an edited payload must be a JSON object', () => {
  assert.deepEqual(parsed('{"a": 1}'), {a: 1});
  assert.throws(() => parsed('{a'), /not valid JSON/);
  assert.throws(() => parsed('[]'), /JSON object/);
});

test('a curl command quotes what a shell would read', () => {
  assert.ok(curlOf({type: 'echo', payload: {hello: "it's"}}).includes(`it'\\''s`));
});

test('a range of moments survives its field', () => {
  const moment = '2026-11-30T12:34:00.000Z';
  assert.equal(asMoment(asLocal(moment)), moment);
  assert.equal(asLocal('300s'), '');
  assert.equal(asMoment(''), '');
});

test('visible rows are sorted by a column, up and down', () => {
  const rows = [{id: 'a', owner: '10', attempts: 1}, {id: 'b', owner: '9', attempts: 3}, {id: 'c', owner: '100', attempts: 2}];
  const order = (by) => sorted(rows, by).map(({id}) => id).join('');
  assert.equal(order(null), 'abc');
  assert.equal(order({column: 'owner', down: false}), 'bac');
  assert.equal(order({column: 'attempts', down: true}), 'bca');
});
