import {updatesFrom} from './history.js';
import {jittered} from './timing.js';

/** @typedef {'refused' | 'lost' | 'expired' | 'crowded' | 'closed'} EndReason */

/** The server closes with this code when the identity behind the socket has ended. */
const EXPIRED_CODE = 4401;
const SESSION_ENDED = /session-ended|session has ended|expire/i;
const CURSOR_REFUSED = /cursor/i;

/** One socket: it subscribes with the ledger's cursor, passes on the frames, pings and detects silence. */
export class Session {
  /**
   * @param {string} url
   * @param {object} parts
   * @param {new (url: string) => WebSocket} parts.WebSocket
   * @param {import('./ledger.js').Ledger} parts.ledger
   * @param {import('../index.d.ts').Timing} parts.timing
   * @param {() => void} parts.onLive subscribed
   * @param {(reason: EndReason) => void} parts.onEnd called once
   */
  constructor(url, {WebSocket, ledger, timing, onLive, onEnd}) {
    this.ledger = ledger;
    this.timing = timing;
    this.onLive = onLive;
    this.onEnd = onEnd;
    this.live = false;
    this.ended = false;
    this.liveSince = 0;
    this.receivedAt = 0;
    /** @type {Map<string, ReturnType<typeof setTimeout>>} */
    this.timers = new Map();
    this.socket = new WebSocket(url);
    this.socket.onopen = () => this.#subscribe();
    this.socket.onerror = () => {}; // the close event that follows is handled
    this.socket.onmessage = ({data}) => this.#receive(data);
    this.socket.onclose = ({code}) => this.#end(code === EXPIRED_CODE ? 'expired' : this.live ? 'lost' : 'refused');
    this.#after('connect', timing.connect, () => this.#end('refused'));
  }

  /** Ping now, unless a frame arrived within the last second. */
  probe() {
    if (this.live && Date.now() - this.receivedAt > 1_000) this.#ping();
  }

  close() {
    this.#end('closed');
  }

  #subscribe() {
    this.ledger.subscribing();
    const {cursor} = this.ledger;
    this.#send(cursor === undefined ? {action: 'subscribe'} : {action: 'subscribe', cursor});
  }

  /** @param {unknown} data */
  #receive(data) {
    if (this.ended) return;
    this.receivedAt = Date.now();
    const frame = parse(data);
    if (frame?.type === 'subscribed') this.#subscribed(frame.cursor);
    else if (frame?.type === 'task-update') this.#updated(frame.cursor, frame.task);
    else if (frame?.type === 'stream') this.#updated(frame.cursor, updateOf(frame));
    else if (frame?.type === 'pong') this.#ponged(frame.cursor);
    else if (frame?.type === 'error') this.#refused(frame);
  }

  /** @param {string} cursor */
  #subscribed(cursor) {
    this.#cancel('connect');
    this.ledger.subscribed(cursor);
    if (!this.live) {
      this.live = true;
      this.liveSince = Date.now();
      this.onLive();
    }
    this.#ping();
  }

  /**
   * @param {string} cursor
   * @param {import('../index.d.ts').TaskUpdate & {earlier?: import('../index.d.ts').TaskEvent[]}} task
   */
  #updated(cursor, task) {
    const {earlier = [], ...newest} = task;
    for (const update of updatesFrom(newest, earlier)) this.ledger.accept(update);
    this.ledger.receive(cursor, newest);
    if (this.awaited !== undefined && this.ledger.reached(this.awaited)) this.#caughtUp();
    else if (this.ledger.settled && this.ledger.hasGap) this.#ping(); // its pong starts the repair
  }

  /** @param {string} cursor the server's tail */
  #ponged(cursor) {
    this.#cancel('pong');
    if (this.ledger.reached(cursor)) return this.#caughtUp();
    this.awaited = cursor;
    this.#after('grace', this.timing.grace, () => this.#catchUp(cursor));
  }

  /** Subscribe again for a missing tail. If it is still missing after that, there was no frame for it. */
  #catchUp(/** @type {string} */ tail) {
    if (this.ledger.reached(tail)) return this.#caughtUp();
    if (this.subscribedAgain) {
      this.ledger.subscribed(tail);
      this.ledger.reached(tail);
      return this.#caughtUp();
    }
    this.subscribedAgain = true;
    this.#subscribe();
  }

  #caughtUp() {
    this.awaited = undefined;
    this.subscribedAgain = false;
    this.#cancel('grace');
    if (this.ledger.hasGap) void this.ledger.fillGaps().then(() => this.#ping());
  }

  /** @param {{message?: unknown, code?: unknown}} frame */
  #refused(frame) {
    const text = `${frame.code ?? ''} ${frame.message ?? ''}`;
    if (SESSION_ENDED.test(text)) return this.#end('expired');
    if (frame.code === 'crowded-out') return this.#end('crowded');
    if (!CURSOR_REFUSED.test(text) || this.ledger.cursor === undefined) return this.#end(this.live ? 'lost' : 'refused');
    this.ledger.position.cursor = undefined; // start anew
    this.#subscribe();
  }

  #ping() {
    if (this.ended) return;
    this.#send({action: 'ping'});
    if (!this.timers.has('pong')) this.#after('pong', this.timing.pong, () => this.#end('lost'));
    this.#after('ping', jittered(this.timing.ping), () => this.#ping());
  }

  /** @param {object} message */
  #send(message) {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  /** @param {EndReason} reason */
  #end(reason) {
    if (this.ended) return;
    this.ended = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.onEnd(reason);
  }

  /**
   * @param {string} name
   * @param {number} ms
   * @param {() => void} then
   */
  #after(name, ms, then) {
    this.#cancel(name);
    this.timers.set(name, setTimeout(() => {
      this.timers.delete(name);
      then();
    }, ms));
  }

  /** @param {string} name */
  #cancel(name) {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}

/**
 * Return the update of a frame with a part of a stream.
 * @param {any} frame
 */
function updateOf({task, stream, generation, offset, text, done}) {
  return {...task, part: {stream, generation, offset, text, done}};
}

/** @param {unknown} data @returns {any} */
function parse(data) {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
