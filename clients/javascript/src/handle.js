import {TaskFailed} from './errors.js';
import {missedUpdates} from './history.js';
import {isPassing} from './http.js';
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
