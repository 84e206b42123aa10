/** Part of a session's life after which it is renewed. */
const DUE = 0.6;
/** Wait before a renewal that found no connection is repeated (ms). */
const AGAIN = 15_000;

/**
 * Renew a session for as long as the page is open. `renew` exchanges the session for a new one and returns its life in
 * seconds. It stops when the server refuses: the session has then ended, or reached its longest life.
 */
export class Renewal {
  /** @param {() => Promise<number>} renew */
  constructor(renew) {
    this.renew = renew;
    this.due = Infinity;
    document.addEventListener('visibilitychange', () => this.#check());
    addEventListener('online', () => this.#check());
  }

  /** @param {number} seconds the session's life from now */
  start(seconds) {
    this.due = Date.now() + seconds * 1_000 * DUE;
    this.#plan();
  }

  stop() {
    this.due = Infinity;
    clearTimeout(this.timer);
  }

  #plan() {
    clearTimeout(this.timer);
    if (this.due !== Infinity) this.timer = setTimeout(() => void this.#run(), Math.max(0, this.due - Date.now()));
  }

  /** Timers of a hidden page or a sleeping device are late. */
  #check() {
    if (Date.now() >= this.due) void this.#run();
  }

  async #run() {
    if (this.running) return;
    this.running = true;
    clearTimeout(this.timer);
    try {
      const seconds = await this.renew();
      if (this.due !== Infinity) this.start(seconds);
    } catch (error) {
      const isTemporary = error.status === undefined || error.status === 429 || error.status >= 500;
      if (isTemporary && this.due !== Infinity) {
        this.due = Date.now() + AGAIN;
        this.#plan();
      } else this.stop();
    } finally {
      this.running = false;
    }
  }
}
