import {ApiError} from './errors.js';
import {Session} from './session.js';
import {backoff, jittered} from './timing.js';

/** A socket that stayed open this long (ms) was healthy. */
const GOOD_LIFE = 5_000;
/** Number of failures that stand for a crowded-out socket: the longest wait. */
const CROWDED = 6;

/** Keep one live socket: open it with a new ticket, replace it before its time limit, reopen it after a loss. */
export class Link {
  /**
   * @param {object} parts
   * @param {import('./http.js').Http} parts.http
   * @param {import('./ledger.js').Ledger} parts.ledger
   * @param {import('../index.d.ts').Timing} parts.timing
   * @param {(new (url: string) => WebSocket) | undefined} parts.WebSocket `undefined`: never live
   * @param {(live: boolean) => void} parts.onLive
   */
  constructor({http, ledger, timing, WebSocket, onLive}) {
    this.http = http;
    this.ledger = ledger;
    this.timing = timing;
    this.WebSocket = WebSocket;
    this.onLive = onLive;
    this.running = false;
    this.opening = false;
    this.failures = 0;
    /** @type {Session | undefined} the live one */
    this.session = undefined;
    /** @type {Session | undefined} on its way to be live */
    this.next = undefined;
  }

  start() {
    if (this.running || !this.WebSocket) return;
    this.running = true;
    this.failures = 0;
    void this.#open();
  }

  stop() {
    this.running = false;
    clearTimeout(this.retry);
    clearTimeout(this.rotation);
    this.next?.close();
    this.session?.close();
  }

  /** Check the connection now: the network or the page may be back. */
  checkNow() {
    if (!this.running) return;
    if (this.session) this.session.probe();
    else if (!this.opening) void this.#open();
  }

  async #open() {
    clearTimeout(this.retry);
    this.opening = true;
    try {
      const {url} = await this.http.request('POST', '/api/realtime/ticket');
      if (this.running) this.#begin(url);
      else this.opening = false;
    } catch (error) {
      this.opening = false;
      if (error instanceof ApiError && error.status === 401) return; // a new sign-in starts it
      this.#later();
    }
  }

  /** @param {string} url */
  #begin(url) {
    /** @type {Session} */
    const session = new Session(url, {
      WebSocket: /** @type {NonNullable<typeof this.WebSocket>} */ (this.WebSocket),
      ledger: this.ledger,
      timing: this.timing,
      onLive: () => this.#promote(session),
      onEnd: (reason) => this.#ended(session, reason),
    });
    this.next = session;
  }

  /** @param {Session} session */
  #promote(session) {
    const old = this.session;
    this.opening = false;
    this.next = undefined;
    this.session = session;
    old?.close();
    clearTimeout(this.rotation);
    this.rotation = setTimeout(() => void this.#open(), jittered(this.timing.rotate));
    this.onLive(true);
  }

  /**
   * @param {Session} session
   * @param {import('./session.js').EndReason} reason
   */
  #ended(session, reason) {
    if (session === this.next) {
      this.next = undefined;
      this.opening = false;
      if (reason !== 'closed') this.#later();
    } else if (session === this.session) {
      this.session = undefined;
      clearTimeout(this.rotation);
      this.onLive(false);
      if (reason !== 'closed') this.#comeBack(session, reason);
    }
  }

  /**
   * @param {Session} session
   * @param {import('./session.js').EndReason} reason
   */
  #comeBack(session, reason) {
    if (!this.running || this.opening) return;
    if (reason === 'expired') return void this.#open();
    const good = Date.now() - session.liveSince >= GOOD_LIFE;
    if (reason === 'crowded') this.failures = CROWDED; // an immediate reconnect would close another socket of the same owner
    else this.failures = good ? 0 : Math.min(this.failures, 1);
    this.#later();
  }

  #later() {
    if (!this.running) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.#open(), backoff(this.timing, this.failures));
    this.failures += 1;
  }
}
