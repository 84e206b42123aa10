/** Names and sentences of the family page. */

const TITLES = {
  'location.playdate.update': 'Planning around your point',
  'plan.make': 'Planning your playdates',
  'friend.ask': 'Asking a friend',
  'friend.setState': 'Answering a friend',
  'friend.delete': 'Ending a friendship',
  'friend.recommendations': 'Matching the kids',
  'local.insight': 'Notes on your point',
  'playdate.announce': 'Telling the other families',
  echo: 'Echo',
};

/** The stream that tasks of a type write, for those whose text is shown from its start. */
export const STREAMS = {};

export function titleOf(type) {
  return TITLES[type] ?? sentence(type.replaceAll('.', ' '));
}

export const STATUS = {
  pending: {word: 'Waiting', tone: 'calm'},
  processing: {word: 'Working', tone: 'busy'},
  completed: {word: 'Done', tone: 'good'},
  failed: {word: 'Not possible', tone: 'warn'},
  'dead-letter': {word: 'Did not work', tone: 'bad'},
  cancelled: {word: 'Cancelled', tone: 'calm'},
};

export const OVER = new Set(['completed', 'failed', 'dead-letter', 'cancelled']);

export const CONNECTION = {
  idle: {word: 'Not connected', tone: 'calm', why: 'Live updates start when you sign in.'},
  connecting: {word: 'Connecting', tone: 'busy', why: 'Opening the live connection.'},
  checking: {word: 'Checking…', tone: 'busy', why: 'Your device says that it is offline. We are checking.'},
  live: {word: 'Live', tone: 'good', why: 'Updates arrive the moment they happen.'},
  polling: {word: 'Live (slower)', tone: 'busy', why: 'This network blocks live connections, so the page asks for updates every second.'},
  offline: {word: 'Offline', tone: 'bad', why: 'There is no connection. The page continues by itself when it is back.'},
  expired: {word: 'Signed out', tone: 'bad', why: 'Your session has ended.'},
};

/** Names of recorded steps, for families. */
const STEPS = {
  'insight.locate': 'Found the season, the light and the days off',
  'insight.retrieve': 'Searched our ideas',
  'insight.places': 'Found places near your point',
  'insight.narrate': 'Wrote a summary',
};

/** Return one line of a task's route. */
export function stepText(update, before) {
  const {event, status} = update;
  if (event === 'progress') return update.progress?.message ?? 'Working';
  if (event === 'step') return STEPS[update.step] ?? sentence((update.step ?? 'step').replace(/[._:-]/g, ' '));
  if (event === 'waiting') return 'Waiting for the next part';
  if (event === 'parked') return 'Paused by us; it continues by itself';
  if (event === 'released') return 'Continues in a moment';
  if (status === 'completed') return 'Done';
  if (status === 'failed') return update.error ?? 'Not possible';
  if (status === 'dead-letter') return update.error ?? 'Did not work, also after several attempts';
  if (status === 'cancelled') return 'Cancelled';
  if (status === 'pending') return before ? 'Something went wrong: trying again' : 'Received';
  return update.attempts > 1 ? `Attempt ${update.attempts} of ${update.maxAttempts}` : 'Started';
}

/** Return the outcome of a task in one line, or its progress. */
export function summaryText(task) {
  if (task.status === 'completed') return task.result?.message ?? task.result?.headline ?? 'Done.';
  if (OVER.has(task.status)) return task.error ?? STATUS[task.status].word;
  return task.progress?.message ?? (task.status === 'pending' ? 'Starts in a moment' : 'Working');
}

export function sentence(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}

/** Return the time since the start: `+80 ms`, `+2.4 s`, `+3 min`. */
export function since(start, moment) {
  const ms = Math.max(0, Date.parse(moment) - Date.parse(start));
  if (ms < 1_000) return `+${Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1_000).toFixed(1)} s`;
  return ms < 3_600_000 ? `+${Math.round(ms / 60_000)} min` : `+${Math.round(ms / 3_600_000)} h`;
}

export function coordinates({latitude, longitude}) {
  const side = (value, positive, negative) => `${Math.abs(value).toFixed(4)}° ${value >= 0 ? positive : negative}`;
  return `${side(latitude, 'N', 'S')}, ${side(longitude, 'E', 'W')}`;
}

export function kilometres(km) {
  if (km === null || km === undefined) return '';
  const round = km < 10 ? km.toFixed(1) : Math.round(km).toLocaleString('en');
  return km < 1 ? `${Math.round(km * 100) * 10} m` : `${round} km`;
}

/** Return an age in years; a baby is under 1. */
export function ageText(age) {
  return age === 0 ? 'under 1' : String(age);
}

/** Return how well two kids match, from a score of 0 to 20. */
export function matchText(score) {
  if (score >= 18) return 'Great match: almost the same age, and they love the same things';
  if (score >= 10) return 'Good match';
  return score >= 8 ? 'Close in age' : 'They differ in age and in what they love';
}
