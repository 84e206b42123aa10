import {ApiError, TaskFailed} from './errors.js';
import {missedUpdates} from './history.js';
import {isPassing} from './http.js';
import {StreamPosition} from './stream.js';
import {isOver} from './tasks.js';
import {backoff, wait} from './timing.js';

/**
 * @typedef {import('../index.d.ts').TaskHandle<any>} TaskHandle
 * @typedef {import('../index.d.ts').Task} Task
 * @typedef {import('../index.d.ts').TaskUpdate} TaskUpdate
 */

/** @implements {TaskHandle} */
export class Handle {
  /**
   * @param {string} id
   * @param {object} parts
   * @param {import('./http.js').Http} parts.http
   * @param {import('./tasks.js').Tasks} parts.tasks
   * @param {import('../index.d.ts').Timing} parts.timing
   * @param {number} parts.given the last `seq` this tab was given before the handle was made
   */
  constructor(id, {http, tasks, timing, given}) {
    this.id = id;
    this.http = http;
    this.tasks = tasks;
    this.timing = timing;
    this.given = given;
    this.path = `/api/tasks/${encodeURIComponent(id)}`;
    /** @type {Promise<any> | undefined} */
    this.waiting = undefined;
  }

  get snapshot() {
    return this.tasks.get(this.id);
  }

  result() {
    this.waiting ??= this.#result().catch((error) => {
      if (!(error instanceof TaskFailed)) this.waiting = undefined; // the next call asks again
      throw error;
    });
    return this.waiting;
  }

  async refresh() {
    const task = await this.http.request('GET', this.path);
    this.tasks.learn(task);
    return task;
  }

  async cancel() {
    await this.http.request('POST', `${this.path}/cancel`);
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  async answer(name, value) {
    await this.http.request('POST', `${this.path}/signals/${encodeURIComponent(name)}`, {value});
  }

  /** @param {number} [after] */
  async events(after = 0) {
    const {items} = await this.http.request('GET', `${this.path}/events?after=${after}`);
    return items;
  }

  /**
   * @param {import('../index.d.ts').UpdatesOptions} [options]
   * @returns {AsyncIterableIterator<TaskUpdate>}
   */
  async *updates({after = this.given, signal} = {}) {
    let last = after;
    for (;;) {
      for (const update of await this.#after(last)) {
        if (signal?.aborted) return;
        last = update.seq;
        yield update;
      }
      const known = this.snapshot;
      if (known && isOver(known.status) && known.seq <= last) return;
      if (!known || known.seq <= last) await this.#change(signal);
      if (signal?.aborted) return;
    }
  }

  /**
   * @param {string} name
   * @param {{signal?: AbortSignal}} [options]
   * @returns {AsyncIterableIterator<import('../index.d.ts').StreamPart>}
   */
  async *stream(name, {signal} = {}) {
    const position = new StreamPosition();
    let seq = -1;
    while (!position.done && !signal?.aborted) {
      const known = this.snapshot ?? (await this.#read());
      const pieces = this.#pieces(name, seq, known, position) ?? (await this.#readStream(name, position));
      seq = known.seq;
      for (const piece of pieces) {
        const part = position.take(piece);
        if (part) yield part;
        if (position.done || signal?.aborted) return;
      }
      if (isOver(known.status)) return;
      if (this.snapshot?.seq === seq) await this.#change(signal);
    }
  }

  /**
   * Return the pieces of a stream that the updates after `seq` brought; undefined where some have to be read.
   * @param {string} name
   * @param {number} seq
   * @param {Task} known
   * @param {StreamPosition} position
   */
  #pieces(name, seq, known, position) {
    const updates = this.tasks.log(this.id).filter((update) => update.seq > seq && update.seq <= known.seq);
    const isWhole = seq >= 0 && !isOver(known.status) && updates.length === known.seq - seq;
    if (!isWhole || updates.some(({event, part}) => event === undefined || (event === 'stream' && !part))) return undefined;
    const pieces = updates.flatMap(({part}) => (part?.stream === name ? [part] : []));
    return pieces[0] && position.isAhead(pieces[0]) ? undefined : pieces;
  }

  /**
   * Read the text of a stream that is missing, from its start where a later generation has begun.
   * @param {string} name
   * @param {StreamPosition} position
   */
  async #readStream(name, position) {
    const path = `${this.path}/streams/${encodeURIComponent(name)}`;
    for (let failures = 0; ; failures += 1) {
      try {
        const read = await this.http.request('GET', `${path}?after=${position.offset}`);
        if (read.generation === position.generation || position.offset === 0) return [read];
        return [await this.http.request('GET', path)];
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return []; // it has not begun
        if (!isPassing(error)) throw error;
        await wait(backoff(this.timing, failures));
      }
    }
  }

  async #result() {
    let task = this.snapshot ?? (await this.#read());
    while (!isOver(task.status)) {
      await this.#change();
      task = /** @type {Task} */ (this.snapshot);
    }
    if (task.status !== 'completed') throw new TaskFailed(task);
    if (task.result === undefined || task.resultTruncated) task = await this.#read();
    return task.result;
  }

  /** Read the task, retrying while the API cannot be reached. @returns {Promise<Task>} */
  async #read() {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.refresh();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await wait(backoff(this.timing, failures));
      }
    }
  }

  /** Return the known updates of the task after `seq`, without a gap. @param {number} seq */
  async #after(seq) {
    const known = this.snapshot ?? (await this.#read());
    const logged = this.tasks.log(this.id).filter((update) => update.seq > seq);
    const first = logged[0];
    if (first?.seq === seq + 1) return logged;
    if (known.seq <= seq) return [];
    const missed = await missedUpdates(this.http, first ?? known, seq);
    return [...missed, ...logged.slice(1)];
  }

  /** Settles when the task's known state has changed. @param {AbortSignal} [signal] */
  #change(signal) {
    const before = this.snapshot;
    return /** @type {Promise<void>} */ (new Promise((resolve) => {
      const done = () => {
        this.tasks.listeners.delete(check);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const check = () => {
        if (this.snapshot !== before) done();
      };
      this.tasks.listeners.add(check);
      signal?.addEventListener('abort', done);
    }));
  }
}
