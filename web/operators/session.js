import {createClient} from '../client/index.js';
import {config} from '../shared/config.js';
import {Renewal} from '../shared/renewal.js';
import {createStore} from '../shared/store.js';

const KEPT = 'operator-session';
/** Time limit of a read (ms). */
const PATIENCE = 10_000;

/** The error for a correct sign-in without the operator role. */
export const NOT_AN_OPERATOR = 'This account is not an operator’s. Ask an administrator for the role, then sign in again.';

const kept = remembered();
let token = kept?.token ?? null;

/** The signed-in user: `user` is null before a sign-in, `expired` is true once the session has ended. */
export const session = createStore({user: kept?.user ?? null, expired: false});

/**
 * The token is sent in a header and cookies are not used: no cookie that a browser sends by itself can act as an
 * operator, and a family that is signed in beside this page stays signed in.
 */
const client = createClient({
  apiUrl: config.apiUrl,
  storage: null,
  getToken: () => token,
  fetch: (url, init) => fetch(url, {...init, credentials: 'omit'}),
});

const renewal = new Renewal(async () => {
  const {accessToken, expiresIn} = await /** @type {Promise<any>} */ (client.request('POST', '/auth/renew'));
  keep(session.get().user, accessToken, expiresIn);
  return expiresIn;
});

if (kept) renewal.start(Math.max(0, (kept.ends - Date.now()) / 1_000));

function keep(user, accessToken, expiresIn) {
  token = accessToken;
  sessionStorage.setItem(KEPT, JSON.stringify({user, token, ends: Date.now() + expiresIn * 1_000}));
}

export async function signIn(identifier, password) {
  const {data: [user], accessToken, expiresIn} = await /** @type {Promise<any>} */ (client.request('POST', '/auth/login', {identifier, password}));
  token = accessToken;
  try {
    await client.request('GET', '/ops/audit?limit=1');
  } catch (error) {
    token = null;
    throw error.status === 403 ? new Error(NOT_AN_OPERATOR) : error;
  }
  keep(user, accessToken, expiresIn);
  renewal.start(expiresIn);
  session.set({user, expired: false});
}

export function signOut() {
  renewal.stop();
  token = null;
  sessionStorage.removeItem(KEPT);
  session.set({user: null, expired: false});
}

/** Call the API. Notice an ended session; abort a read that exceeds its time limit. @type {import('../types/calls.js').Call} */
export async function call(method, path, body, options) {
  try {
    return await client.request(method, path, body, method === 'GET' ? {...options, signal: inTime(options?.signal)} : options);
  } catch (error) {
    if (error.status === 401) session.set((now) => (now.user && !now.expired ? {...now, expired: true} : now));
    throw error;
  }
}

function inTime(signal) {
  const limit = AbortSignal.timeout(PATIENCE);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

/**
 * Return a path with the parameters that have a value.
 * @template {string} P
 * @param {P} path
 * @param {Record<string, any>} parameters
 * @returns {P | `${P}?${string}`}
 */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return given.length ? /** @type {`${P}?${string}`} */ (`${path}?${new URLSearchParams(given)}`) : path;
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}
