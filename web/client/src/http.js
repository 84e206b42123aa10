import {ApiError, Unreachable} from './errors.js';

/** Answers that say "later", not "no". */
const PASSING = new Set([429, 502, 503, 504]);

/** Speaks JSON with the API as the signed-in user. */
export class Http {
  /**
   * @param {Pick<import('../index.d.ts').ClientOptions, 'apiUrl' | 'getToken' | 'fetch'>} options
   * @param {() => void} onExpired called when the session turns out to have ended
   */
  constructor({apiUrl, getToken, fetch: fetcher}, onExpired) {
    this.base = apiUrl.replace(/\/+$/, '');
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
    let response = await this.#send(method, path, body, options, false);
    if (response.status === 401 && this.getToken) {
      response = await this.#send(method, path, body, options, true);
    }
    const answer = await readJson(response);
    if (response.ok) return answer;
    if (response.status === 401) this.onExpired();
    throw new ApiError(response.status, answer);
  }

  /**
   * As `request`, trying again while the API is out of reach: only for calls that may be repeated.
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {import('../index.d.ts').RequestOptions} options
   * @param {(attempt: number) => Promise<void>} wait
   */
  async insist(method, path, body, options, wait) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.request(method, path, body, options);
      } catch (error) {
        if (attempt >= 4 || !isPassing(error) || options.signal?.aborted) throw error;
        await wait(attempt);
      }
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {import('../index.d.ts').RequestOptions} options
   * @param {boolean} expired
   */
  async #send(method, path, body, {headers, signal}, expired) {
    const token = await this.getToken?.({expired});
    /** @type {RequestInit} */
    const init = {
      method,
      credentials: this.getToken ? 'same-origin' : 'include',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : {'content-type': 'application/json'}),
        ...(token ? {authorization: `Bearer ${token}`} : {}),
        ...headers,
      },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    try {
      return await this.fetch(this.base + path, init);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(error);
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
