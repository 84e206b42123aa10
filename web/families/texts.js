/** Names and sentences of the family page. */

const TITLES = {
  'location.playdate.update': 'Planning around your playdate point',
  'friend.ask': 'Asking a friend',
  'friend.setState': 'Answering a friend',
  'friend.delete': 'Removing a friend',
  'friend.recommendations': 'Matching the kids',
  'availability.plan': 'Finding times for the kids',
  'local.insight': 'Looking at the place',
  echo: 'Echo',
};

export function titleOf(type) {
  return TITLES[type] ?? sentence(type.replaceAll('.', ' '));
}

export const STATUS = {
  pending: {word: 'Waiting', tone: 'calm'},
  processing: {word: 'Working', tone: 'busy'},
  completed: {word: 'Done', tone: 'good'},
  failed: {word: 'Not possible', tone: 'bad'},
  'dead-letter': {word: 'Gave up', tone: 'bad'},
  cancelled: {word: 'Cancelled', tone: 'calm'},
};

export const CONNECTION = {
  idle: {word: 'Not connected', tone: 'calm', why: 'Live updates start when you sign in.'},
  connecting: {word: 'Connecting', tone: 'busy', why: 'Opening the live connection.'},
  live: {word: 'Live', tone: 'good', why: 'Updates arrive the moment they happen.'},
  polling: {word: 'Every second', tone: 'busy', why: 'This network blocks live connections: the page asks for updates instead.'},
  offline: {word: 'Offline', tone: 'bad', why: 'No connection. Everything goes on where it was once it is back.'},
  expired: {word: 'Signed out', tone: 'bad', why: 'Your session has ended.'},
};

/** Names of recorded steps, for families. */
const STEPS = {
  'insight.locate': 'Found the season, the light and the days off',
  'insight.retrieve': 'Searched the library of ideas',
  'insight.places': 'Looked around for places',
  'insight.narrate': 'Wrote a summary',
};

/** Return one line of a task's route. */
export function stepText(update, before) {
  const {event, status} = update;
  if (event === 'progress') return update.progress?.message ?? 'Working';
  if (event === 'step') return STEPS[update.step] ?? sentence((update.step ?? 'step').replace(/[._:-]/g, ' '));
  if (event === 'waiting') return 'Waiting for its helpers';
  if (event === 'parked') return 'Set aside until this kind of work is switched on';
  if (event === 'released') return 'Handed on to another worker';
  if (status === 'completed') return 'Done';
  if (status === 'failed') return update.error ?? 'Not possible';
  if (status === 'dead-letter') return update.error ?? 'Gave up after the last attempt';
  if (status === 'cancelled') return 'Cancelled';
  if (status === 'pending') return before ? 'Something went wrong: trying again' : 'Accepted';
  return update.attempts > 1 ? `Attempt ${update.attempts} of ${update.maxAttempts}` : 'Picked up by a worker';
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

const CLOCK = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const DAY = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'});

export function clock(moment) {
  const date = new Date(moment);
  return (Date.now() - date.getTime() > 43_200_000 ? DAY : CLOCK).format(date);
}

export function coordinates({latitude, longitude}) {
  const side = (value, positive, negative) => `${Math.abs(value).toFixed(4)}° ${value >= 0 ? positive : negative}`;
  return `${side(latitude, 'N', 'S')}, ${side(longitude, 'E', 'W')}`;
}

export function kilometres(km) {
  if (km === null || km === undefined) return '';
  return km < 1 ? `${Math.round(km * 100) * 10} m` : `${km < 10 ? km.toFixed(1) : Math.round(km)} km`;
}
