/** @typedef {import('../index.d.ts').TaskUpdate} TaskUpdate */

/** Cursors remembered while settled: a pong may be older than the newest frame. */
const RECENT = 200;

/**
 * Lets each update through once, in the order of its task's `seq`, and knows the cursor to go on from.
 *
 * While a subscription catches up, replayed and new frames may come interleaved: only when a pong names a cursor
 * that was seen is everything before it known to have come, and only then does `place.cursor` move. After that each
 * frame moves it. A frame ahead of its task's turn is held until the ones before it came, or were fetched.
 */
export class Ledger {
  /**
   * @param {import('./position.js').Place} place
   * @param {(update: TaskUpdate) => void} deliver
   * @param {(update: TaskUpdate, after: number) => Promise<TaskUpdate[]>} fetchMissed the updates between `after` and one that came too early
   */
  constructor(place, deliver, fetchMissed) {
    this.place = place;
    this.deliver = deliver;
    this.fetchMissed = fetchMissed;
    this.closed = false;
    this.settled = false;
    /** @type {Set<string>} the cursors seen since the place was last sure */
    this.seen = new Set();
    /** @type {Map<string, Map<number, TaskUpdate>>} */
    this.held = new Map();
  }

  get cursor() {
    return this.place.cursor;
  }

  get hasGap() {
    return this.held.size > 0;
  }

  /** @param {string} id */
  seqOf(id) {
    return this.place.seqs.get(id);
  }

  /** A task this client started: its first update is still to come. @param {string} id */
  expect(id) {
    if (!this.place.seqs.has(id)) this.place.delivered(id, 0);
  }

  /** From now on frames of a new subscription arrive. */
  subscribing() {
    this.settled = false;
    this.seen.clear();
    if (this.place.cursor !== undefined) this.seen.add(this.place.cursor);
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
    if (this.closed) return; // an answer that was still on its way
    const last = this.seqOf(update.id);
    if (last !== undefined && update.seq <= last) return;
    if (last === undefined || update.seq === last + 1) this.#pass(update);
    else this.#hold(update);
  }

  /**
   * Whether everything up to `cursor`, the server's tail, has come. The place moves there if so.
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

  /** Fetches what held updates still wait for, and lets them through. */
  async fillGaps() {
    for (const [id, waiting] of [...this.held]) {
      const first = [...waiting.values()].reduce((a, b) => (a.seq < b.seq ? a : b));
      const missed = await this.fetchMissed(first, this.seqOf(id) ?? 0);
      for (const update of missed) this.accept(update);
      if (this.closed) return;
      for (const update of this.#takeHeld(id)) this.#pass(update);
    }
    this.place.save();
  }

  /** @param {TaskUpdate} update */
  #pass(update) {
    this.place.delivered(update.id, update.seq);
    this.place.save();
    this.deliver(update);
    const next = this.held.get(update.id)?.get(update.seq + 1);
    if (next === undefined) return;
    this.#unhold(next);
    this.#pass(next);
  }

  /** @param {TaskUpdate} update */
  #hold(update) {
    const waiting = this.held.get(update.id) ?? new Map();
    this.held.set(update.id, waiting.set(update.seq, update));
  }

  /** @param {TaskUpdate} update */
  #unhold(update) {
    const waiting = this.held.get(update.id);
    waiting?.delete(update.seq);
    if (waiting?.size === 0) this.held.delete(update.id);
  }

  /** @param {string} id */
  #takeHeld(id) {
    const last = this.seqOf(id) ?? 0;
    const waiting = [...(this.held.get(id)?.values() ?? [])];
    this.held.delete(id);
    return waiting.filter((update) => update.seq > last).sort((a, b) => a.seq - b.seq);
  }

  /** @param {string} cursor */
  #moveTo(cursor) {
    this.place.cursor = cursor;
    this.place.save();
    for (const old of this.seen) {
      if (this.seen.size <= RECENT) break;
      this.seen.delete(old);
    }
  }
}
