/** @typedef {import('../index.d.ts').TaskUpdate} TaskUpdate */

/** Cursors remembered while settled: a pong may be older than the newest frame. */
const RECENT = 200;

/**
 * Deliver each update once, in the order of its task's `seq`, and keep the cursor to continue from.
 *
 * While a subscription catches up, replayed and new frames may arrive interleaved. Only when a pong names a cursor
 * that was seen is everything before it complete, and only then does `position.cursor` move. After that each
 * frame moves it. A frame ahead of its turn waits until the ones before it arrived or were fetched.
 */
export class Ledger {
  /**
   * @param {import('./position.js').Position} position
   * @param {(update: TaskUpdate) => void} deliver
   * @param {(update: TaskUpdate, after: number) => Promise<TaskUpdate[]>} fetchMissed the updates between `after` and one that came too early
   */
  constructor(position, deliver, fetchMissed) {
    this.position = position;
    this.deliver = deliver;
    this.fetchMissed = fetchMissed;
    this.closed = false;
    this.settled = false;
    /** @type {Set<string>} the cursors seen since the position was last sure */
    this.seen = new Set();
    /** @type {Map<string, Map<number, TaskUpdate>>} */
    this.early = new Map();
  }

  get cursor() {
    return this.position.cursor;
  }

  get hasGap() {
    return this.early.size > 0;
  }

  /** @param {string} id */
  seqOf(id) {
    return this.position.seqs.get(id);
  }

  /** A task this client started: its first update is still to come. @param {string} id */
  expect(id) {
    if (!this.position.seqs.has(id)) this.position.delivered(id, 0);
  }

  /** Prepare for the frames of a new subscription. */
  subscribing() {
    this.settled = false;
    this.seen.clear();
    if (this.position.cursor !== undefined) this.seen.add(this.position.cursor);
  }

  /** @param {string} cursor */
  subscribed(cursor) {
    this.seen.add(cursor);
  }

  /**
   * @param {string} cursor
   * @param {TaskUpdate} update
   */
  receive(cursor, update) {
    this.seen.add(cursor);
    this.accept(update);
    if (this.settled && !this.hasGap) this.#moveTo(cursor);
  }

  /** Takes an update whose cursor is not known. @param {TaskUpdate} update */
  accept(update) {
    if (this.closed) return; // a late answer
    const last = this.seqOf(update.id);
    if (last !== undefined && update.seq <= last) return;
    if (last === undefined || update.seq === last + 1) this.#pass(update);
    else this.#keepEarly(update);
  }

  /**
   * Return whether everything up to `cursor`, the server's tail, has arrived; if so, move the position there.
   * @param {string} cursor
   */
  reached(cursor) {
    if (!this.seen.has(cursor)) return false;
    if (!this.settled && !this.hasGap) {
      this.settled = true;
      this.#moveTo(cursor);
    }
    return true;
  }

  /** Fetch the missing updates before the early ones, and deliver them. */
  async fillGaps() {
    for (const [id, waiting] of [...this.early]) {
      const first = [...waiting.values()].reduce((a, b) => (a.seq < b.seq ? a : b));
      const missed = await this.fetchMissed(first, this.seqOf(id) ?? 0);
      for (const update of missed) this.accept(update);
      if (this.closed) return;
      for (const update of this.#takeEarly(id)) this.#pass(update);
    }
    this.position.save();
  }

  /** @param {TaskUpdate} update */
  #pass(update) {
    this.position.delivered(update.id, update.seq);
    this.position.save();
    this.deliver(update);
    const next = this.early.get(update.id)?.get(update.seq + 1);
    if (next === undefined) return;
    this.#removeEarly(next);
    this.#pass(next);
  }

  /** @param {TaskUpdate} update */
  #keepEarly(update) {
    const waiting = this.early.get(update.id) ?? new Map();
    this.early.set(update.id, waiting.set(update.seq, update));
  }

  /** @param {TaskUpdate} update */
  #removeEarly(update) {
    const waiting = this.early.get(update.id);
    waiting?.delete(update.seq);
    if (waiting?.size === 0) this.early.delete(update.id);
  }

  /** @param {string} id */
  #takeEarly(id) {
    const last = this.seqOf(id) ?? 0;
    const waiting = [...(this.early.get(id)?.values() ?? [])];
    this.early.delete(id);
    return waiting.filter((update) => update.seq > last).sort((a, b) => a.seq - b.seq);
  }

  /** @param {string} cursor */
  #moveTo(cursor) {
    this.position.cursor = cursor;
    this.position.save();
    for (const old of this.seen) {
      if (this.seen.size <= RECENT) break;
      this.seen.delete(old);
    }
  }
}
