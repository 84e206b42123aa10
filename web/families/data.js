import {forgetKept, keep, showKept} from './kept.js';
import {call, client, session} from './session.js';
import {createStore, useStore} from '../shared/store.js';
import {toast} from '../shared/components/controls.js';
import {useEffect} from '../shared/vendor/preact.js';

/** Resources that a completed task of each type makes stale. */
const STALE = {
  'friend.ask': ['pending', 'asking', 'friends'],
  'friend.setState': ['friends', 'asking', 'pending', 'recommendations', 'plan'],
  'friend.delete': ['friends', 'pending', 'asking', 'recommendations', 'inbox', 'plan'],
  'friend.recommendations': ['inbox', 'friends', 'pending', 'recommendations'],
  'location.playdate.update': ['point', 'plan', 'insight', 'recommendations'],
  'plan.make': ['plan'],
  'playdate.announce': ['playdates', 'openPlaydates'],
};

/** The tasks that notify a family of a change by another one, with the lists that have changed at their first update. */
const NOTICES = {
  'friends.changed': ['asking', 'pending', 'friends', 'recommendations', 'inbox', 'plan', 'playdates', 'openPlaydates'],
  'playdates.changed': ['playdates', 'openPlaydates'],
};
/** Lists with a count on their tab are read even before their view was shown. */
const COUNTED = new Set(['asking', 'playdates']);

const SOURCES = {
  friends: () => call('GET', '/api/friends/confirmed'),
  pending: () => call('GET', '/api/friends/pending'),
  asking: () => call('GET', '/api/friends/askingforme'),
  kids: () => call('GET', '/api/kids/mykids'),
  point: readPoint,
  plan: () => call('GET', '/api/plan'),
  insight: readInsight,
  inbox: async () => (await call('GET', '/api/tasks/inbox')).items,
  hours: () => call('GET', '/api/availability'),
  playdates: () => call('GET', '/api/playdates'),
  openPlaydates: readOpenPlaydates,
  recommendations: () => call('GET', `/api/playdate-point/recommendations?${new URLSearchParams(wanted.get())}`),
};

/** Wait before a failed read is repeated (ms): doubled after each failure, up to the second value. */
const [RETRY, LONGEST_RETRY] = [2_000, 30_000];

/** The filter of the recommendations: `sort`, optionally `activity`, `minAge`, `maxAge`. */
export const wanted = createStore(/** @type {Record<string, string>} */ ({sort: 'popularity'}));

/** Each resource with its value and the error of the last read. */
const resources = Object.fromEntries(
  Object.keys(SOURCES).map((name) => [name, createStore({value: undefined, error: undefined})]),
);

/** Return a resource's state, reading it at first use: `value` is undefined until then. */
export function useResource(name) {
  const state = useStore(resources[name]);
  useEffect(() => {
    if (state.value === undefined && !state.error && !reading.get(name)) void reload(name);
  }, [name, state.value]);
  return state;
}

/** The number of the newest running read of each resource: a late answer to an older read is ignored. */
const reading = new Map();
let turns = 0;
/** Failed reads by resource: {failures, timer}. */
const failed = new Map();

/** Read resources again. */
export async function reload(...names) {
  await Promise.all(names.map(readOne));
}

async function readOne(name) {
  const turn = (turns += 1);
  reading.set(name, turn);
  const family = session.get().user?.id;
  const isNewest = () => reading.get(name) === turn && session.get().user?.id === family;
  try {
    const value = await SOURCES[name]();
    if (isNewest()) {
      forgetFailure(name);
      if (family) keep(family, name, value);
      resources[name].set({value, error: undefined});
    }
  } catch (error) {
    if (isNewest()) {
      resources[name].set((state) => ({value: state.value ?? (error.status === undefined ? showKept(family, name) : undefined), error}));
      if (isTemporary(error)) retryLater(name);
    }
  }
  if (reading.get(name) === turn) reading.delete(name);
}

/** Return whether the same read may succeed later. */
function isTemporary({status}) {
  return status === undefined || status === 429 || status >= 500;
}

function retryLater(name) {
  const failures = (failed.get(name)?.failures ?? 0) + 1;
  clearTimeout(failed.get(name)?.timer);
  const timer = setTimeout(() => void readOne(name), Math.min(RETRY * 2 ** (failures - 1), LONGEST_RETRY));
  failed.set(name, {failures, timer});
}

function forgetFailure(name) {
  clearTimeout(failed.get(name)?.timer);
  failed.delete(name);
}

/** Repeat all failed reads now: the connection is back. */
export function reloadFailed() {
  void reload(...failed.keys());
}

/** Follow the client: read what a completed task or another family changed, and what failed while there was no connection. */
export function keepFresh() {
  const ends = [
    client.onUpdate(({status, type, result}) => {
      if (type in NOTICES) noticed(NOTICES[type], status, result);
      if (status === 'completed') void reload(...(STALE[type] ?? []).filter(isShown));
    }),
    client.onConnection((state) => {
      if (state === 'live' || state === 'polling') reloadFailed();
    }),
  ];
  addEventListener('online', reloadFailed);
  return () => {
    removeEventListener('online', reloadFailed);
    for (const end of ends) end();
  };
}

function noticed(lists, status, result) {
  if (status === 'pending' || status === 'completed') void reload(...lists.filter((name) => COUNTED.has(name) || isShown(name)));
  if (status === 'completed' && result?.message) toast([result.message, result.idea].filter(Boolean).join(' '));
}

/** Drop all data, also what is kept on this device, before another person signs in. */
export function forgetAll() {
  forgetKept();
  for (const name of Object.keys(resources)) forgetFailure(name);
  for (const store of Object.values(resources)) store.set({value: undefined, error: undefined});
}

/** Show a change before the server has answered; `change` returns the new value. */
export function changeLocally(name, change) {
  resources[name].set((state) => (state.value === undefined ? state : {...state, value: change(state.value)}));
}

function isShown(name) {
  return resources[name].get().value !== undefined || resources[name].get().error !== undefined;
}

wanted.subscribe(() => void reload('recommendations'));

async function readPoint() {
  const {playdate_latit: latitude, playdate_longi: longitude} = await call('GET', '/api/playdate-point/coordinates');
  return latitude === null || latitude === undefined ? null : {latitude, longitude};
}

/** Friends whose playdates are read. */
const MOST_HOSTS = 30;

/** Return the playdates of friends that take guests, the next one first. */
async function readOpenPlaydates() {
  const hosts = (await call('GET', '/api/friends/confirmed')).slice(0, MOST_HOSTS);
  const found = await Promise.all(hosts.map(({id}) => call('GET', `/api/playdates/host/${id}`)));
  return found.flat().sort((one, other) => one.startTime.localeCompare(other.startTime));
}

/** Return the notes of the newest completed update of the point, or null. */
async function readInsight() {
  const {items} = await call('GET', '/api/tasks?type=location.playdate.update&status=completed&limit=1');
  if (items.length === 0) return null;
  const {result} = /** @type {any} */ (items[0].resultTruncated ? await call('GET', `/api/tasks/${items[0].id}`) : items[0]);
  return result?.localInsight ?? null;
}

session.subscribe(() => {
  if (!session.get().user) forgetAll();
});
