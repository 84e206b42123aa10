import {config} from '../config.js';
import {createStore} from '../store.js';

const TOKEN = 'operator-token';

/** Whether an operator is signed in here; `fault` says why not. */
export const access = createStore({signedIn: sessionStorage.getItem(TOKEN) !== null, fault: ''});

export class ApiError extends Error {
  constructor(status, answer) {
    const faults = (answer?.faults ?? []).map((fault) => `${fault.field}: ${fault.message}`).join('; ');
    super([answer?.message ?? `The API answered ${status}.`, faults].filter(Boolean).join(' '));
    this.status = status;
  }
}

/** One request. The token travels in a header and lives as long as the tab: another sign-in of this browser is untouched. */
export async function call(method, path, body) {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(config.apiUrl + path, {
    method,
    credentials: 'omit',
    headers: {accept: 'application/json', ...(body && {'content-type': 'application/json'}), ...(token && {authorization: `Bearer ${token}`})},
    body: body && JSON.stringify(body),
  });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401 && token) leave('Your session has ended; please sign in again.');
  if (response.status === 403) leave('This account is not an operator’s.');
  throw new ApiError(response.status, answer);
}

export async function signIn(identifier, password) {
  const {accessToken} = await call('POST', '/auth/login', {identifier, password});
  sessionStorage.setItem(TOKEN, accessToken);
  await call('GET', '/ops/audit?limit=1'); // an account without the role is told at once
  access.set({signedIn: true, fault: ''});
}

export function leave(fault = '') {
  sessionStorage.removeItem(TOKEN);
  access.set({signedIn: false, fault});
}
