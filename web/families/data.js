import {call, client, session} from './session.js';
import {createStore, useStore} from '../shared/store.js';
import {useEffect} from '../shared/vendor/preact.js';

/** Resources that a completed task of each type makes stale. */
const STALE = {
  'friend.ask': ['pending', 'asking', 'friends'],
  'friend.setState': ['friends', 'asking', 'pending', 'recommendations'],
  'friend.delete': ['friends', 'pending', 'asking', 'recommendations', 'inbox'],
  'friend.recommendations': ['inbox', 'friends', 'pending', 'recommendations'],
  'location.playdate.update': ['point', 'plan', 'recommendations'],
};

const SOURCES = {
  friends: () => call('GET', '/api/friends/confirmed'),
  pending: () => call('GET', '/api/friends/pending'),
  asking: () => call('GET', '/api/friends/askingforme'),
  kids: () => call('GET', '/api/kids/mykids'),
  point: readPoint,
  plan: readPlan,
  inbox: async () => (await call('GET', '/api/tasks/inbox')).items,
  hours: () => call('GET', '/api/availability'),
  recommendations: () => call('GET', `/api/playdate-point/recommendations?${new URLSearchParams(wanted.get())}`),
};

/** The filter of the recommendations: `sort`, optionally `activity`, `minAge`, `maxAge`. */
export const wanted = createStore({sort: 'popularity'});

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

/** Read resources again. */
export async function reload(...names) {
  await Promise.all(names.map(async (name) => {
    const turn = (turns += 1);
    reading.set(name, turn);
    try {
      const value = await SOURCES[name]();
      if (reading.get(name) === turn) resources[name].set({value, error: undefined});
    } catch (error) {
      if (reading.get(name) === turn) resources[name].set((state) => ({...state, error}));
    }
    if (reading.get(name) === turn) reading.delete(name);
  }));
}

/** Read the resources that a completed task changed. */
export function keepFresh() {
  return client.onUpdate((update) => {
    if (update.status === 'completed') void reload(...(STALE[update.type] ?? []).filter(isShown));
  });
}

/** Drop all data, before another person signs in. */
export function forgetAll() {
  for (const store of Object.values(resources)) store.set({value: undefined, error: undefined});
}

function isShown(name) {
  return resources[name].get().value !== undefined;
}

wanted.subscribe(() => void reload('recommendations'));

async function readPoint() {
  const {playdate_latit: latitude, playdate_longi: longitude} = await call('GET', '/api/playdate-point/coordinates');
  return latitude === null || latitude === undefined ? null : {latitude, longitude};
}

/** Return the newest plan: the result of the last completed update of the point. */
async function readPlan() {
  const {items} = await call('GET', '/api/tasks?type=location.playdate.update&status=completed&limit=1');
  if (items.length === 0) return null;
  if (items[0].resultTruncated) return (await call('GET', `/api/tasks/${items[0].id}`)).result;
  return items[0].result;
}

session.subscribe(() => {
  if (!session.get().user) forgetAll();
});
