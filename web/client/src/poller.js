import {missedUpdates} from './history.js';
import {isOver} from './tasks.js';
import {backoff, jittered} from './timing.js';

/** Follows the caller's tasks over HTTP, for as long as no socket does. */
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

  nudge() {
    if (!this.running || this.polling) return;
    clearTimeout(this.timer);
    void this.#round();
  }

  async #round() {
    this.polling = true;
    try {
      await this.#poll();
      this.failures = 0;
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
    for (const task of items.reverse()) await this.#take(task);
  }

  /** @param {import('../index.d.ts').Task} task */
  async #take(task) {
    const last = this.ledger.seqOf(task.id);
    if (last === undefined) return this.ledger.accept(task);
    if (task.seq <= last) return this.tasks.learn(task);
    for (const update of await missedUpdates(this.http, task, last)) this.ledger.accept(update);
  }
}
