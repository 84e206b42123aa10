import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ago, rangeOf, zoneName} from '../families/times.js';

const RANGE = {startsAt: '2026-12-05T14:00:00+01:00', endsAt: '2026-12-05T15:30:00+01:00', timeZone: 'Europe/Paris'};

test('a time is shown on its own clock, which is named where the reader has another one', () => {
  const {day, date, zone} = rangeOf(RANGE, 'America/New_York');
  assert.deepEqual([day, zone], ['Saturday', 'Paris time']);
  assert.match(date, /5|December/);
  assert.equal(rangeOf(RANGE, 'Europe/Berlin').zone, '');
  assert.match(rangeOf(RANGE, 'Europe/Berlin').hours, /[–-]/);
  assert.equal(zoneName('America/New_York'), 'New York time');
});

test('a past moment is relative', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  assert.equal(ago('2026-11-30T11:59:40Z', now), 'just now');
  assert.equal(ago('2026-11-30T11:55:00Z', now), '5 minutes ago');
  assert.equal(ago('2026-11-29T11:00:00Z', now), 'yesterday');
});
