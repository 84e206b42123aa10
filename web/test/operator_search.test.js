import assert from 'node:assert/strict';
import {test} from 'node:test';
import {meaningsOf} from '../operators/views/filters.js';
import {choiceOf} from '../operators/views/bulk_cancel.js';

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
