import {ApiError, Unreachable} from './errors.js';
import {newTraceparent, traceIdOf} from './trace.js';

/** Statuses after which the same request may succeed. */
const PASSING = new Set([429, 502, 503, 504]);

/** Send JSON requests to the API as the signed-in user. */
export class Http {
  /**
   * @param {Pick<import('../index.d.ts').ClientOptions, 'apiUrl' | 'getToken' | 'traceparent' | 'fetch'>} options
   * @param {import('../index.d.ts').Timing} timing
   * @param {() => void} onExpired called when the session turns out to have ended
   */
  constructor({apiUrl, getToken, traceparent = newTraceparent, fetch: fetcher}, timing, onExpired) {
    this.timing = timing;
    this.newTrace = traceparent;
    this.base = apiUrl.replace(/\/+$/, '');
    /** From another origin a plain GET needs no preflight request; an own header would cause one. */
    this.isOurs = globalThis.location === undefined || new URL(apiUrl, location.href).origin === location.origin;
    this.getToken = getToken;
    this.fetch = fetcher ?? globalThis.fetch.bind(globalThis);
    this.onExpired = onExpired;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {import('../index.d.ts').RequestOptions} [options]
   * @returns {Promise<any>}
   */
  async request(method, path, body, options = {}) {
    const trace = options.headers?.['traceparent'] ?? this.newTrace();
    let {response, answer} = await this.#send(method, path, body, options, trace, false);
    if (response.status === 401 && this.getToken) {
      ({response, answer} = await this.#send(method, path, body, options, trace, true));
    }
    if (response.ok) return answer;
    if (response.status === 401) this.onExpired();
    throw new ApiError(response.status, answer, traceIdOf(trace));
  }

  /**
   * Send a request as `request` does, retrying while the API cannot be reached: only for calls that may be repeated.
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {import('../index.d.ts').RequestOptions} options
   * @param {(attempt: number) => Promise<void>} wait
   */
  async insist(method, path, body, options, wait) {
    const headers = {traceparent: this.newTrace(), ...options.headers}; // all attempts belong to one trace
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.request(method, path, body, {...options, headers});
      } catch (error) {
        if (attempt >= 4 || !isPassing(error) || options.signal?.aborted) throw error;
        await wait(attempt);
      }
    }
  }

  /**
   * Send one request with a time limit: without it, a lost network leaves a request open for minutes.
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {import('../index.d.ts').RequestOptions} options
   * @param {string} trace
   * @param {boolean} expired
   */
  async #send(method, path, body, {headers, signal}, trace, expired) {
    const token = await this.getToken?.({expired});
    /** @type {RequestInit} */
    const init = {
      method,
      credentials: this.getToken ? 'same-origin' : 'include',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : {'content-type': 'application/json'}),
        ...(token ? {authorization: `Bearer ${token}`} : {}),
        ...(method !== 'GET' || token || this.isOurs ? {traceparent: trace} : {}),
        ...headers,
      },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    const given = new AbortController();
    const give = () => given.abort(signal?.reason);
    const timer = setTimeout(give, this.timing.answer);
    if (signal?.aborted) give();
    signal?.addEventListener('abort', give);
    try {
      const response = await this.fetch(this.base + path, {...init, signal: given.signal});
      return {response, answer: await readJson(response)};
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(error, traceIdOf(trace));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', give);
    }
  }
}

/** @param {unknown} error */
export function isPassing(error) {
  return error instanceof Unreachable || (error instanceof ApiError && PASSING.has(error.status));
}

/** @param {Response} response */
async function readJson(response) {
  const text = await response.text();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
