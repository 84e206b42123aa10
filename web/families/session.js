import {createClient} from '../client/index.js';
import {config} from '../shared/config.js';
import {Renewal} from '../shared/renewal.js';
import {readersZone} from './times.js';
import {createStore} from '../shared/store.js';

const REMEMBERED = 'playmate-user';
const TOKEN = 'playmate-token';
/** The session cookie works on the page's own origin; another origin gets the token in a header. */
const byToken = config.apiUrl !== '' && new URL(config.apiUrl, location.href).origin !== location.origin;

/** The signed-in user: `user` is null before a sign-in, `expired` is true once the session has ended. */
export const session = createStore({user: remembered(), expired: false});

/** The client of the signed-in user. */
export let client = session.get().user ? open(session.get().user) : undefined;

const ENDS = 'playmate-session-ends';

const renewal = new Renewal(async () => {
  const {accessToken, expiresIn} = await /** @type {Promise<any>} */ (client.request('POST', '/auth/renew'));
  keepToken(accessToken, expiresIn);
  return expiresIn;
});

/** After a reload the session goes on: its end is remembered beside its user. */
if (client) renewal.start(Math.max(0, (Number(localStorage.getItem(ENDS)) - Date.now()) / 1_000));

export async function signIn(identifier, password) {
  enter(await post('/auth/login', {identifier, password}));
}

export async function signUp(name, email, password) {
  enter(await post('/auth/signup', {name, email, password}));
  await call('PATCH', '/api/plan', {timeZone: readersZone()}).catch(() => {}); // the family can choose its zone itself
}

export async function signOut() {
  const leaving = client;
  renewal.stop();
  leaving.close({forget: true});
  client = undefined;
  localStorage.removeItem(REMEMBERED);
  localStorage.removeItem(ENDS);
  sessionStorage.removeItem(TOKEN);
  session.set({user: null, expired: false});
  await leaving.request('GET', '/auth/logout').catch(() => {}); // the cookie expires soon in any case
}

/** Call the API; notice an ended session. @type {import('../types/calls.js').Call} */
export async function call(method, path, body) {
  try {
    return await client.request(method, path, body);
  } catch (error) {
    if (error.status === 401) expire();
    throw error;
  }
}

function keepToken(accessToken, expiresIn) {
  localStorage.setItem(ENDS, String(Date.now() + expiresIn * 1_000));
  if (byToken) sessionStorage.setItem(TOKEN, accessToken);
}

function enter({data: [user], accessToken, expiresIn}) {
  const same = session.get().user?.id === user.id;
  localStorage.setItem(REMEMBERED, JSON.stringify(user));
  keepToken(accessToken, expiresIn);
  renewal.start(expiresIn);
  if (same && client) client.connect();
  else {
    client?.close({forget: true});
    client = open(user);
  }
  session.set({user, expired: false});
}

function open(user) {
  const opened = createClient({
    apiUrl: config.apiUrl,
    scope: String(user.id),
    ...(byToken ? {getToken: () => sessionStorage.getItem(TOKEN)} : {}),
  });
  opened.onConnection((state) => {
    if (state === 'expired' && opened === client) expire();
  });
  return opened;
}

function expire() {
  renewal.stop();
  session.set((now) => (now.user && !now.expired ? {...now, expired: true} : now));
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED));
  } catch {
    return null;
  }
}

/** @returns {Promise<any>} */
async function post(path, body) {
  const guest = createClient({apiUrl: config.apiUrl, storage: null});
  return guest.request('POST', path, body);
}
