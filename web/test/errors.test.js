import assert from 'node:assert/strict';
import {test} from 'node:test';
import {errorText, fieldErrors, referenceOf} from '../shared/errors.js';

const refused = (faults) => ({name: 'ApiError', status: 400, message: 'The request has errors.', body: {faults}, traceId: 'f00d'});

test('each error of a field is a whole sentence with its subject', () => {
  const error = refused([{field: 'name', message: 'must have no symbols'}, {field: 'password', message: 'is too easy to guess'}]);
  assert.deepEqual(fieldErrors(error), [
    {field: 'name', message: 'Your name must have no symbols.'},
    {field: 'password', message: 'Your password is too easy to guess.'},
  ]);
  assert.equal(errorText(error), 'Your name must have no symbols.');
});

test('an error that is a sentence already stays as it is', () => {
  assert.equal(errorText(refused([{field: 'name', message: 'This name is taken.'}])), 'This name is taken.');
});

test('a subject can be named by the form', () => {
  const error = refused([{field: 'windows.0', message: 'must end after it starts, on the same day'}]);
  assert.equal(fieldErrors(error, {'windows.0': 'Monday 16:00'})[0].message, 'Monday 16:00 must end after it starts, on the same day.');
});

test('the newer form of the errors is preferred', () => {
  const error = {status: 400, body: {errors: [{field: 'age', code: 'too_high', message: 'must be at most 17'}], faults: []}};
  assert.equal(errorText(error), 'The age must be at most 17.');
});

test('no error names the API', () => {
  for (const error of [{name: 'Unreachable', message: 'the API cannot be reached'}, {status: 500}, {status: 429}, undefined]) {
    assert.doesNotMatch(errorText(error), /\bAPI\b/);
  }
});

test('only faults of the system have a reference', () => {
  assert.equal(referenceOf({status: 500, traceId: 'f00d'}), 'f00d');
  assert.equal(referenceOf({task: {status: 'dead-letter'}, traceId: 'f00d'}), 'f00d');
  for (const error of [{status: 400}, {status: 401}, {status: 409}, {task: {status: 'failed'}}, {name: 'Unreachable'}]) {
    assert.equal(referenceOf({...error, traceId: 'f00d'}), undefined);
  }
});
