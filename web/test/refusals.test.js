import assert from 'node:assert/strict';
import {test} from 'node:test';
import {refusalAlerts, usualOf} from '../operators/views/refusals.js';

const counts = (failed, completed) => ({window: {seconds: 300}, byType: [{type: 'friend.ask', failed, completed, 'dead-letter': 0, cancelled: 0}]});
const alerts = (failed, completed, usual) => refusalAlerts(counts(failed, completed), {'friend.ask': usual});

test('refusals raise an alert only far above the usual rate of their type', () => {
  const [{text, href}] = alerts(15, 15, 0.05);
  assert.match(text, /^50 % of the tasks of type friend.ask were refused in the last 5 min, 15 in all; usually 5.0 %\.$/);
  assert.match(href, /type=friend\.ask&status=failed/);
  assert.deepEqual(alerts(15, 15, 0.3), [], 'it is usual');
  assert.deepEqual(alerts(9, 0, 0), [], 'too few');
  assert.deepEqual(alerts(15, 15, null), [], 'nothing is known');
  assert.deepEqual(alerts(15, 200, 0.001), [], 'a small share');
});

test('the usual rate leaves out what happens now', () => {
  const point = (at, ended, refused) => ({at: new Date(at).toISOString(), ended, refused});
  assert.equal(usualOf({points: [point(0, 40, 4), point(9_000, 100, 100)]}, 5_000), 0.1);
  assert.equal(usualOf({points: [point(0, 19, 19)]}, 5_000), null);
});
