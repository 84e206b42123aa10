import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {serve, settled, show, textOf} from './page.js';

/** Terms of the system that a family never reads. */
const SYSTEM = /\b(guardian|worker|API|task|reference|queue|payload)s?\b/i;

const PLAN = {
  state: 'ready', message: 'Times for 2 of 2 kids in the next two weeks.', reachKm: 15, plannedAt: '2026-11-30T12:00:00+00:00', taskId: null,
  suggestions: [
    {kidName: 'Lina', suggestedDay: 'Saturday', suggestedSlot: '14:00 - 15:30', activityHint: 'Football outdoors with Zoe; 90 minutes at most', reason: 'You and Bruno are both free on the weekend.',
      startsAt: '2026-12-05T14:00:00+01:00', endsAt: '2026-12-05T15:30:00+01:00', timeZone: 'Europe/Paris', friendName: 'Bruno', matchName: 'Zoe', distanceKm: 2.2},
    {kidName: 'ليلى', suggestedDay: 'No day yet', suggestedSlot: 'No common time in the next two weeks', activityHint: 'Chess', startsAt: null},
  ],
  tooFar: [{friendId: 4, friendName: 'Diego', distanceKm: 1052.3}],
};
const CALENDAR = {timeZone: 'Europe/Paris', isDefault: true, windows: [1, 2, 3, 4, 5].map((weekday) => ({weekday, start: '16:00', end: '19:00'})).concat([6, 7].map((weekday) => ({weekday, start: '09:30', end: '18:30'})))};
const MATCH = {kidId: 1, kidName: 'Lina', matchName: 'Zoe', matchActivity: 'football', compatibilityScore: 19, suggestedSlot: 'x', startsAt: '2026-12-05T14:00:00+01:00', endsAt: '2026-12-05T15:30:00+01:00', timeZone: 'Europe/Paris'};
const ANSWERS = {
  'GET /api/plan': PLAN,
  'GET /api/availability': CALENDAR,
  'GET /api/kids/mykids': [{id: 1, name: 'Ada', age: 0, favoriteActivity: 'chess', guardianId: 1}],
  'GET /api/friends/confirmed': [{id: 2, name: 'Bruno'}],
  'GET /api/friends/pending': [],
  'GET /api/friends/askingforme': [{id: 3, name: 'Chloe'}],
  'GET /api/tasks/inbox': {items: [{id: 'a', type: 'friend.recommendations', updatedAt: '2026-11-30T12:00:00Z', result: {headline: '1 playdate to plan with Bruno', friendName: 'Bruno', recommendations: [MATCH]}}]},
  'GET /api/tasks': {items: [], nextCursor: null},
};

let views;

before(async () => {
  serve(ANSWERS);
  localStorage.setItem('playmate-user', JSON.stringify({id: 1, name: 'Amira'}));
  const [{Plan, planText}, {Friends}, {Family}, {Inbox}, {summaryOf, windowErrors}, {questionOf}] = await Promise.all(
    ['findings', 'friends', 'family', 'inbox', 'hours', 'meet'].map((name) => import(`../families/views/${name}.js`)),
  );
  views = {Plan, planText, Friends, Family, Inbox, summaryOf, windowErrors, questionOf};
});

test('the plan shows its times, its reach and the friends beyond it', async () => {
  const page = await show(views.Plan, {hasPoint: true});
  const text = textOf(page);
  for (const part of ['Plan again', 'Lina', '5 December', 'Bruno is 2.2 km away.', 'Too far for an afternoon: Diego (1,052 km)', '15 km']) assert.ok(text.includes(part), `${part} in ${text}`);
  assert.equal(page.querySelectorAll('bdi[dir="auto"]').length > 3, true);
});

test('each state of the plan has its own sentence, and none says what is not so', () => {
  const text = (state, hasPoint = true, message = null) => views.planText({state, message}, hasPoint);
  const all = [text('off'), text('none'), text('none', false), text('planning'), text('planning', true, 'x'), text('stale'), text('ready', true, 'Times for 1 of 1 kids.')];
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(all.filter((sentence) => /paused/.test(sentence)), [all[0]]);
});

test('a point that could not be read is not a missing one', () => {
  const failed = {value: undefined, error: new Error('no')};
  assert.equal(views.questionOf({pick: null, home: null, point: failed}), 'Your point could not be read');
  assert.equal(views.questionOf({pick: null, home: null, point: {value: null}}), 'Where do you like to meet?');
});

test('hours are summed up, and wrong ones are named by their day', () => {
  assert.deepEqual(views.summaryOf(CALENDAR.windows).map(({days}) => days), ['Mon–Fri', 'Sat, Sun']);
  assert.deepEqual(views.windowErrors(CALENDAR.windows), {});
  const [[index, message]] = Object.entries(views.windowErrors([{weekday: 2, start: '16:00', end: '15:00'}]));
  assert.equal(index, '0');
  assert.match(message, /^Tuesday: .* must end after it starts, on the same day\.$/);
});

test('no view speaks like the system', async () => {
  for (const name of ['Plan', 'Friends', 'Family', 'Inbox']) {
    const page = await show(views[name], {hasPoint: true, user: {id: 1, name: 'Amira'}});
    await settled();
    assert.doesNotMatch(textOf(page), SYSTEM, name);
    assert.ok(textOf(page).length > 40, name);
  }
});
