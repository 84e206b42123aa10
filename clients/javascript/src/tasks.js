/**
 * @typedef {import('../index.d.ts').Task} Task
 * @typedef {import('../index.d.ts').TaskStatus} TaskStatus
 */

const OVER = new Set(['completed', 'failed', 'dead-letter', 'cancelled']);
/** Updates kept of each task, for iterators that start late. */
const LOGGED = 500;
/** Tasks kept. */
const KNOWN = 1_000;

/** Fields that an update without them resets. */
const PASSING = {error: null, resultTruncated: false, event: undefined, step: undefined, part: undefined, asks: undefined};

/** @param {TaskStatus | undefined} status */
export function isOver(status) {
  return status !== undefined && OVER.has(status);
}

/** The newest known state of each task, and the updates that led there. */
export class Tasks {
  constructor() {
    /** @type {Map<string, Task>} */
    this.byId = new Map();
    /** @type {Map<string, Task[]>} */
    this.logs = new Map();
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {readonly Task[] | undefined} */
    this.sorted = undefined;
  }

  /** @param {string} id */
  get(id) {
    return this.byId.get(id);
  }

  /** Newest first; ids are time-ordered. */
  list() {
    this.sorted ??= [...this.byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    return this.sorted;
  }

  /** @param {string} id */
  log(id) {
    return this.logs.get(id) ?? [];
  }

  /** A delivered update. @param {Task} update */
  add(update) {
    const log = this.logs.get(update.id) ?? [];
    log.push(update);
    if (log.length > LOGGED) log.shift();
    this.logs.set(update.id, log);
    this.learn(update);
  }

  /** A state read over HTTP: known, not an update. @param {Task} task */
  learn(task) {
    const known = this.byId.get(task.id);
    if (known && known.seq > task.seq) return;
    this.byId.set(task.id, {...known, ...PASSING, ...task});
    this.#prune();
    this.#notify();
  }

  clear() {
    this.byId.clear();
    this.logs.clear();
    this.#notify();
  }

  /** Drop the oldest known task that is over. */
  #prune() {
    if (this.byId.size <= KNOWN) return;
    for (const {id, status} of this.byId.values()) {
      if (!isOver(status)) continue;
      this.byId.delete(id);
      this.logs.delete(id);
      return;
    }
  }

  #notify() {
    this.sorted = undefined;
    for (const listener of [...this.listeners]) listener();
  }
}
