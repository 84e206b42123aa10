import {Handle} from './handle.js';
import {missedUpdates} from './history.js';
import {Http} from './http.js';
import {Ledger} from './ledger.js';
import {Link} from './link.js';
import {Position, tabStorage} from './position.js';
import {Poller} from './poller.js';
import {Tasks} from './tasks.js';
import {DEFAULTS, backoff, wait} from './timing.js';
import {randomHex} from './trace.js';
import {onWake} from './wake.js';

/**
 * @typedef {import('../index.d.ts').Client<any>} Client
 * @typedef {import('../index.d.ts').ConnectionState} ConnectionState
 * @typedef {import('../index.d.ts').TaskUpdate} TaskUpdate
 */

/** @implements {Client} */
export class TaskClient {
  /** @type {ConnectionState} */
  connection = 'idle';
  /** @type {Set<(update: TaskUpdate) => void>} */
  #updateListeners = new Set();
  /** @type {Set<(state: ConnectionState) => void>} */
  #connectionListeners = new Set();
  /** @type {Map<string, Handle>} */
  #handles = new Map();
  #started = false;
  /** Closed or without a session: only `connect` starts the client again. */
  #resting = false;

  /** @param {import('../index.d.ts').ClientOptions} options */
  constructor(options) {
    const {apiUrl, scope = '', sockets = true} = options;
    const storage = options.storage === undefined ? tabStorage() : options.storage;
    this.timing = {...DEFAULTS, ...options.timing};
    this.http = new Http(options, this.timing, () => this.#expire());
    this.position = new Position(storage, `agent-orchestrator:${apiUrl}:${scope}`);
    this.givenBefore = new Map(this.position.seqs);
    this.tasksKnown = new Tasks();
    this.ledger = new Ledger(this.position, (update) => this.#deliver(update), (update, after) => this.#fetchMissed(update, after));
    this.poller = new Poller({
      http: this.http, ledger: this.ledger, tasks: this.tasksKnown, timing: this.timing,
      onPoll: (works) => this.#polled(works),
    });
    this.link = new Link({
      http: this.http, ledger: this.ledger, timing: this.timing,
      WebSocket: sockets ? (options.WebSocket ?? globalThis.WebSocket) : undefined,
      onLive: (live) => this.#linked(live),
    });
  }

  /**
   * @param {string} type
   * @param {unknown} [payload]
   * @param {import('../index.d.ts').SubmitOptions} [options]
   */
  async submit(type, payload = {}, {idempotencyKey = randomHex(16), maxAttempts, scheduleAt, deadline, signal} = {}) {
    this.#start();
    const at = scheduleAt instanceof Date ? scheduleAt.toISOString() : scheduleAt;
    const receipt = await this.http.insist(
      'POST', '/api/tasks', {type, payload, maxAttempts, scheduleAt: at, deadline},
      {headers: {'idempotency-key': idempotencyKey}, ...(signal ? {signal} : {})},
      (attempt) => wait(backoff(this.timing, attempt)),
    );
    const isNew = receipt.status === 'pending' && receipt.attempts === 0;
    if (isNew) this.#expectNew({type, ...receipt});
    const handle = this.task(receipt.id);
    if (!isNew && !handle.snapshot) await handle.refresh();
    return handle;
  }

  /** @param {string} id @returns {any} */
  task(id) {
    this.#start();
    const made = this.#handles.get(id);
    if (made) return made;
    const handle = new Handle(id, {
      http: this.http, tasks: this.tasksKnown, timing: this.timing, given: this.givenBefore.get(id) ?? 0,
    });
    this.#handles.set(id, handle);
    return handle;
  }

  /** @returns {readonly any[]} */
  tasks() {
    return this.tasksKnown.list();
  }

  /** @param {(update: any) => void} listener */
  onUpdate(listener) {
    this.#updateListeners.add(listener);
    this.#start();
    return () => void this.#updateListeners.delete(listener);
  }

  /** @param {(state: ConnectionState) => void} listener */
  onConnection(listener) {
    this.#connectionListeners.add(listener);
    return () => void this.#connectionListeners.delete(listener);
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.tasksKnown.listeners.add(listener);
    return () => void this.tasksKnown.listeners.delete(listener);
  }

  connect() {
    if (this.#started) return this.#checkNow();
    this.#resting = false;
    this.#start();
  }

  close({forget = false} = {}) {
    this.#stop();
    this.#enter('idle');
    if (!forget) return this.position.flush();
    this.position.forget();
    this.givenBefore.clear();
    this.#handles.clear();
    this.ledger.early.clear();
    this.tasksKnown.clear();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {import('../index.d.ts').RequestOptions} [options]
   */
  request(method, path, body, options) {
    return this.http.request(method, path, body, options);
  }

  #start() {
    if (this.#started || this.#resting) return;
    this.#started = true;
    this.ledger.closed = false;
    this.stopListening = onWake(() => this.#checkNow());
    this.#enter('connecting');
    void this.#learnRecent();
    this.link.start();
    this.#pollAfter(this.link.running ? this.timing.patience : 0);
  }

  #stop() {
    this.#started = false;
    this.#resting = true;
    this.ledger.closed = true;
    this.stopListening?.();
    clearTimeout(this.patience);
    this.poller.stop();
    this.link.stop();
  }

  #expire() {
    if (!this.#started) return;
    this.#stop();
    this.#enter('expired');
  }

  #checkNow() {
    this.link.checkNow();
    this.poller.checkNow();
  }

  /** @param {boolean} live */
  #linked(live) {
    if (!this.#started) return;
    clearTimeout(this.patience);
    if (live) this.poller.stop();
    else this.#pollAfter(this.timing.patience);
    this.#enter(live ? 'live' : 'connecting');
  }

  /** @param {boolean} works */
  #polled(works) {
    if (works && this.connection === 'offline') this.link.checkNow();
    this.#enter(works ? 'polling' : 'offline');
  }

  /** @param {number} ms */
  #pollAfter(ms) {
    this.patience = setTimeout(() => this.poller.start(), ms);
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    if (this.connection === state) return;
    this.connection = state;
    for (const listener of [...this.#connectionListeners]) notify(listener, state);
  }

  /** @param {{id: string, type: string, status: any, attempts: number, maxAttempts: number, traceId?: string}} task */
  #expectNew(task) {
    this.ledger.expect(task.id);
    if (!this.tasksKnown.get(task.id)) this.tasksKnown.learn({...task, seq: 0});
  }

  /** @param {TaskUpdate} update */
  #deliver(update) {
    this.tasksKnown.add(update);
    for (const listener of [...this.#updateListeners]) notify(listener, update);
  }

  /**
   * @param {TaskUpdate} update
   * @param {number} after
   */
  async #fetchMissed(update, after) {
    return missedUpdates(this.http, update, after).catch(() => []);
  }

  /** Read the states of recent tasks: no update brings the ones that were over or delivered before a reload. */
  async #learnRecent() {
    try {
      const {items} = await this.http.request('GET', '/api/tasks?limit=50');
      for (const task of items) this.tasksKnown.learn(task);
    } catch {
      // the link and the poller handle the same error
    }
  }
}

/**
 * Call a listener; report its error without stopping the others.
 * @template T
 * @param {(value: T) => void} listener
 * @param {T} value
 */
function notify(listener, value) {
  try {
    listener(value);
  } catch (error) {
    (globalThis.reportError ?? console.error)(error);
  }
}
