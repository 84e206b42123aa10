/** The last answers of the API, kept on this device for reading without a network, until the sign-out. */

import {createStore} from '../shared/store.js';

const PREFIX = 'playmate-kept:';

/** When the oldest of the shown answers was read, in milliseconds; undefined while all of them are from the network. */
export const keptSince = createStore(/** @type {number | undefined} */ (undefined));

const shown = new Map();

/** Keep an answer of a family; a browser without room for it keeps none. */
export function keep(user, name, value) {
  shown.delete(name);
  updateSince();
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({user, at: Date.now(), value}));
  } catch {
    localStorage.removeItem(PREFIX + name);
  }
}

/** Return the last answer of this family, or undefined, to be shown in place of one from the network. */
export function showKept(user, name) {
  const {user: owner, at, value} = JSON.parse(localStorage.getItem(PREFIX + name)) ?? {};
  if (value === undefined || owner !== user) return undefined;
  shown.set(name, at);
  updateSince();
  return value;
}

/** Remove all answers from this device. */
export function forgetKept() {
  shown.clear();
  updateSince();
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
}

function updateSince() {
  const since = shown.size ? Math.min(...shown.values()) : undefined;
  if (since !== keptSince.get()) keptSince.set(since);
}
