import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {nextLength, wordCount} from '../families/growth.js';
import {serve} from './page.js';

let questions;
let cards;
let texts;

before(async () => {
  serve({});
  localStorage.setItem('playmate-user', JSON.stringify({id: 1, name: 'Amira'}));
  [questions, cards, texts] = await Promise.all(['questions', 'components/question', 'components/growing_text'].map((name) => import(`../families/${name}.js`)));
});

const kinds = (schema) => questions.fieldsOf(schema)?.map(({name, kind}) => `${name}:${kind}`);

test('a form follows the schema of the answer', () => {
  assert.deepEqual(kinds(null), [':text']);
  assert.deepEqual(kinds({type: 'boolean'}), [':yes-no']);
  assert.deepEqual(kinds({enum: ['a', 'b']}), [':choice']);
  assert.deepEqual(kinds({
    type: 'object', required: ['day'],
    properties: {day: {$ref: '#/$defs/Day'}, at: {type: 'string', format: 'date-time'}, seats: {anyOf: [{type: 'integer'}, {type: 'null'}]}},
    $defs: {Day: {enum: ['Sat', 'Sun']}},
  }), ['day:choice', 'at:time', 'seats:number']);
  assert.equal(kinds({type: 'object', properties: {list: {type: 'array'}}}), undefined);
  assert.equal(kinds({type: 'array'}), undefined);
});

test('the values of a form become the answer that the schema asks for', () => {
  const fields = questions.fieldsOf({type: 'object', required: ['ok'], properties: {ok: {type: 'boolean'}, seats: {type: 'integer'}, note: {type: 'string'}}});
  assert.deepEqual(questions.answerOf(fields, {'answer-ok': 'no', 'answer-seats': '3', 'answer-note': ''}), {ok: false, seats: 3});
  assert.equal(questions.answerOf(questions.fieldsOf({enum: [1, 2]}), {'answer-': '1'}), 2);
  assert.equal(questions.answerOf(questions.fieldsOf(null), {'answer-': 'Yes'}), 'Yes');
});

test('only updates that can open or end a question cause a read', () => {
  const known = [{taskId: 't1'}];
  const changes = (update, of = known) => questions.changesQuestions({id: 't1', ...update}, of);
  assert.deepEqual([changes({event: 'waiting'}, []), changes({event: 'signal'}, []), changes({status: 'cancelled'}), changes({status: 'processing'})], [true, true, true, true]);
  assert.deepEqual([changes({event: 'progress', status: 'processing'}, []), changes({status: 'pending', event: 'retrying'})], [false, false]);
});

test('a second answer names the first sender by their relation alone', () => {
  const answeredAt = new Date().toISOString();
  const first = (answeredBy) => cards.firstAnswer({answeredBy, answeredAt}).split(' answered')[0];
  assert.deepEqual(['you', 'operator', 'other', undefined].map(first), ['You have', 'Our team has', 'Somebody else has', 'Somebody else has']);
});

test('an answer grows at a pace, never in half a character, and by sentences with less motion', () => {
  assert.equal(nextLength(0, 'abcdef'), 2);
  assert.equal(nextLength(5, 'abcdef'), 6);
  assert.equal(nextLength(0, 'x'.repeat(4_500)), 100);
  assert.equal(nextLength(0, 'a🥅b'), 3);
  assert.equal(nextLength(0, 'One. Two. Thr', {isCalm: true}), 10);
  assert.equal(nextLength(10, 'One. Two. Thr', {isCalm: true, isDone: true}), 13);
  assert.equal(wordCount('Two trees, one goal 🥅.'), 4);
});

test('the state of a text follows its task and the connection', () => {
  const state = (change) => texts.stateOf({status: 'processing', isDone: false, isRestarted: false, connection: 'live', ...change});
  assert.deepEqual(
    [state({}), state({isRestarted: true}), state({connection: 'offline'}), state({isDone: true}), state({status: 'cancelled'}), state({status: 'failed'})],
    ['writing', 'restarted', 'lost', 'finished', 'stopped', 'broken'],
  );
});
