import assert from 'node:assert/strict';
import {before, test} from 'node:test';
import {serve, settled, show, textOf} from './page.js';

const ago = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
const AMIRA = {id: 1, name: 'Amira'};
const part = (id, name, more = {}) => ({id, userId: id, role: 'guest', status: 'approved', awaits: null, joinedAt: ago(-1), decisionNote: null, user: {id, name}, kids: null, ...more});
const playdate = (id, title, more = {}) => ({
  id, title, activity: 'football', description: null, locationName: 'Parc Montsouris', startTime: ago(3), endTime: ago(3.1), status: 'scheduled', maxGuests: 2, notes: null,
  host: AMIRA, participants: [part(1, 'Amira', {role: 'host', kids: [{name: 'Lina', age: 6}]})], metrics: {approvedGuests: 0, pendingGuests: 0}, createdAt: ago(-1), updatedAt: ago(-1), ...more,
});
const membership = (id, title, more = {}) => {
  const {participants, metrics, createdAt, updatedAt, ...shown} = playdate(id, title, {host: {id: 2, name: 'Bruno'}, ...more.playdate});
  return {playdateId: id, participantId: id * 10, role: 'guest', status: 'approved', awaits: null, joinedAt: ago(-1), decisionNote: null, playdate: shown, participants: [part(2, 'Bruno', {role: 'host'})], ...more, ...(more.playdate ? {playdate: shown} : {})};
};

const MINE = {
  hosted: [
    playdate(1, 'Football', {participants: [part(1, 'Amira', {role: 'host'}), part(3, 'Chloe', {kids: [{name: 'Noe', age: 0}]}), part(4, 'Diego', {status: 'pending', awaits: 'host', kids: [{name: 'Lucia', age: 9}]})]}),
    playdate(2, 'Old picnic', {startTime: ago(-3), endTime: ago(-2.9)}),
  ],
  joined: [
    membership(5, 'Chess', {status: 'pending', awaits: 'guest'}),
    membership(6, 'Swimming', {decisionNote: 'Bring towels.'}),
    membership(7, 'Zoo', {status: 'pending', awaits: 'host'}),
  ],
};
const AUDIT = {factors: [{label: 'Friends', detail: 'You and Diego are friends.', tone: 'positive'}]};

let view;
let asked;
let sent;

before(async () => {
  sent = [];
  const note = (answer) => (body) => { sent.push(body); return answer; };
  asked = serve({
    'GET /api/playdates': MINE,
    'GET /api/friends/confirmed': [{id: 2, name: 'Bruno'}],
    'GET /api/playdates/host/2': [playdate(8, 'Kites', {host: {id: 2, name: 'Bruno'}}), playdate(6, 'Swimming', {host: {id: 2, name: 'Bruno'}})],
    'GET /api/playdates/1/audit/4': {audit: AUDIT},
    'PATCH /api/playdates/1/participants/4': note({participant: part(4, 'Diego'), message: 'Diego takes part.'}),
    'POST /api/playdates/5/join': note({participant: part(1, 'Amira'), message: 'You take part.'}),
    'POST /api/playdates/8/join': note({participant: part(1, 'Amira'), message: 'The host has been asked.'}),
    'GET /api/tasks': {items: [], nextCursor: null},
  });
  localStorage.setItem('playmate-user', JSON.stringify(AMIRA));
  const [{Playdates, questionsOf}, {bodyOf, local}] = await Promise.all([import('../families/views/playdates.js'), import('../families/components/schedule.js')]);
  view = {Playdates, questionsOf, bodyOf, local};
});

const list = (page, name) => page.querySelector(`[data-playdates="${name}"]`);
const press = async (page, label) => {
  const button = [...page.querySelectorAll('button')].find((each) => (each.getAttribute('aria-label') ?? each.textContent) === label);
  assert.ok(button, `a button ${label}`);
  button.click();
  await settled();
};

test('questions stand first, then hosted, joined, past and friends\' playdates', async () => {
  const page = await show(view.Playdates);
  assert.deepEqual([...page.querySelectorAll('[data-playdates]')].map((each) => each.dataset.playdates), ['questions', 'hosted', 'joined', 'over', 'open']);
  assert.match(textOf(list(page, 'questions')), /Bruno asks whether you can come: Chess.*Diego would like to join: Football/);
  assert.match(textOf(list(page, 'hosted')), /Chloe Noe, under 1 ?Coming/);
  assert.match(textOf(list(page, 'joined')), /Swimming.*“Bring towels.”.*Zoo.*Waits for the host/);
  assert.doesNotMatch(textOf(list(page, 'joined')), /Chess/, 'a question is shown once');
  assert.match(textOf(list(page, 'over')), /Old picnic/);
  assert.match(textOf(list(page, 'open')), /Kites/);
  assert.doesNotMatch(textOf(list(page, 'open')), /Swimming/, 'the family takes part already');
  assert.doesNotMatch(textOf(page), /\b(guardian|worker|API|task|queue|payload|pending|approved)s?\b/i);
});

test('one press answers a question and reads the playdates again', async () => {
  const page = await show(view.Playdates);
  await press(page, 'More about them: Diego');
  assert.match(textOf(list(page, 'questions')), /You and Diego are friends\./);
  const before = asked.filter((each) => each === 'GET /api/playdates').length;
  await press(page, 'Welcome Diego');
  await press(page, 'Join Chess');
  await press(page, 'Ask to join Kites');
  assert.deepEqual(asked.filter((each) => /^(PATCH|POST) \/api\//.test(each)), ['PATCH /api/playdates/1/participants/4', 'POST /api/playdates/5/join', 'POST /api/playdates/8/join']);
  assert.deepEqual(sent[0], {status: 'approved'});
  assert.equal(asked.filter((each) => each === 'GET /api/playdates').length, before + 3);
});

test('a cancelled or past playdate asks nothing', () => {
  const asks = [membership(1, 'a', {status: 'pending', awaits: 'guest', playdate: {status: 'cancelled'}}), membership(2, 'b', {status: 'pending', awaits: 'guest', playdate: {endTime: ago(-1)}})];
  assert.deepEqual(view.questionsOf([], asks), []);
  assert.equal(view.questionsOf(MINE.hosted, MINE.joined).length, 2);
});

test('the form sends instants, and an empty number of seats as none', () => {
  const fields = {title: 'T', activity: 'a', locationName: 'L', startTime: view.local('2027-06-05T12:00:00Z'), endTime: view.local('2027-06-05T13:30:00Z'), maxGuests: '', description: ''};
  const body = view.bodyOf(fields, [2]);
  assert.deepEqual([body.startTime, body.endTime], ['2027-06-05T12:00:00.000Z', '2027-06-05T13:30:00.000Z']);
  assert.deepEqual([body.maxGuests, body.description, body.invite], [null, null, [2]]);
  assert.equal(view.bodyOf({...fields, maxGuests: '3'}, []).maxGuests, 3);
});
