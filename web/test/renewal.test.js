import assert from 'node:assert/strict';
import {mock, test} from 'node:test';
import {Renewal} from '../shared/renewal.js';

/** Let the promises of a renewal settle; its timers are the test's. */
async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

/** Run a renewal for some hours of the page's time; return how often the session was renewed. */
async function hours(count, renew) {
  mock.timers.enable({apis: ['setTimeout', 'Date']});
  let calls = 0;
  const renewal = new Renewal(async () => {
    calls += 1;
    return renew(calls);
  });
  renewal.start(1_200);
  for (let minute = 0; minute < count * 60; minute += 1) {
    mock.timers.tick(60_000);
    await settle();
  }
  renewal.stop();
  mock.timers.reset();
  return calls;
}

test('a page that is open for two hours never reaches the end of its session', async () => {
  let last = 0;
  let longest = 0;
  await hours(2, () => {
    longest = Math.max(longest, Date.now() - last);
    last = Date.now();
    return 1_200;
  });
  assert.ok(longest < 1_200_000, `${longest} ms between two renewals`);
});

test('a refusal ends it, a lost connection does not', async () => {
  assert.equal(await hours(2, () => { throw Object.assign(new Error('ended'), {status: 401}); }), 1);
  assert.equal(await hours(2, () => { throw Object.assign(new Error('no route'), {status: 404}); }), 1);
  assert.ok(await hours(1, (calls) => {
    if (calls < 3) throw new Error('no connection');
    return 1_200;
  }) > 4);
});
