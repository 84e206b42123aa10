import {missedUpdates} from './history.js';
import {isOver} from './tasks.js';
import {backoff, jittered} from './timing.js';

/** Follow the caller's tasks over HTTP while there is no socket. */
export class Poller {
  /**
   * @param {object} parts
   * @param {import('./http.js').Http} parts.http
   * @param {import('./ledger.js').Ledger} parts.ledger
   * @param {import('./tasks.js').Tasks} parts.tasks
   * @param {import('../index.d.ts').Timing} parts.timing
   * @param {(works: boolean) => void} parts.onPoll
   */
  constructor({http, ledger, tasks, timing, onPoll}) {
    this.http = http;
    this.ledger = ledger;
    this.tasks = tasks;
    this.timing = timing;
    this.onPoll = onPoll;
    this.running = false;
    this.failures = 0;
    this.horizon = '';
    this.hasPolled = false;
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.failures = 0;
    void this.#round();
  }

  stop() {
    this.running = false;
    clearTimeout(this.timer);
  }

  checkNow() {
    if (!this.running || this.polling) return;
    clearTimeout(this.timer);
    void this.#round();
  }

  async #round() {
    this.polling = true;
    try {
      await this.#poll();
      this.failures = 0;
      this.hasPolled = true;
      if (this.running) this.onPoll(true);
    } catch {
      this.failures += 1;
      if (this.running) this.onPoll(false);
    }
    this.polling = false;
    if (this.running) this.timer = setTimeout(() => void this.#round(), this.#pause());
  }

  #pause() {
    if (this.failures > 0) return this.timing.pollBusy + backoff(this.timing, this.failures);
    const busy = this.tasks.list().some((task) => !isOver(task.status));
    return jittered(busy ? this.timing.pollBusy : this.timing.pollIdle);
  }

  async #poll() {
    const {items} = await this.http.request('GET', '/api/tasks?limit=50');
    const listed = new Set(items.map((/** @type {{id: string}} */ {id}) => id));
    const beyond = this.tasks.list().filter(({id, status}) => !isOver(status) && !listed.has(id));
    for (const {id} of beyond) items.push(await this.http.request('GET', `/api/tasks/${encodeURIComponent(id)}`));
    const horizon = this.#horizon();
    for (const task of items.reverse()) await this.#take(task, horizon);
    for (const {id} of items) if (id > this.horizon) this.horizon = id;
  }

  /** Return the newest task delivered or listed. Ids are time-ordered: a greater one is new, and all its updates are delivered. */
  #horizon() {
    for (const id of this.ledger.position.seqs.keys()) if (id > this.horizon) this.horizon = id;
    return this.horizon;
  }

  /**
   * @param {import('../index.d.ts').Task} task
   * @param {string} horizon
   */
  async #take(task, horizon) {
    const isNew = (this.hasPolled || this.ledger.cursor !== undefined) && task.id > horizon;
    const last = this.ledger.seqOf(task.id) ?? (isNew ? 0 : undefined);
    if (last === undefined) return isOver(task.status) ? this.tasks.learn(task) : this.ledger.accept(task);
    if (task.seq <= last) return this.tasks.learn(task);
    for (const update of await missedUpdates(this.http, task, last)) this.ledger.accept(update);
  }
}
