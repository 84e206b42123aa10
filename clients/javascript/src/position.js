/** Number of tasks whose `seq` is kept, to recognise replayed updates. */
const REMEMBERED = 2_000;
/** Changes within this time (ms) are written together; leaving the page writes the rest. */
const WRITE_EVERY = 100;

/** The position in the event feed, which survives a reload of the tab: the cursor, and each task's last delivered `seq`. */
export class Position {
  /**
   * @param {import('../index.d.ts').ClientOptions['storage']} storage
   * @param {string} key
   */
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
    /** @type {string | undefined} */
    this.cursor = undefined;
    /** @type {Map<string, number>} */
    this.seqs = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.writing = undefined;
    this.#load();
    this.flush = this.flush.bind(this);
    globalThis.addEventListener?.('pagehide', this.flush);
  }

  /**
   * @param {string} id
   * @param {number} seq
   */
  delivered(id, seq) {
    this.seqs.delete(id);
    this.seqs.set(id, seq);
    for (const oldest of this.seqs.keys()) {
      if (this.seqs.size <= REMEMBERED) break;
      this.seqs.delete(oldest);
    }
  }

  save() {
    this.writing ??= setTimeout(this.flush, WRITE_EVERY);
  }

  flush() {
    if (this.writing === undefined) return;
    clearTimeout(this.writing);
    this.writing = undefined;
    try {
      this.storage?.setItem(this.key, JSON.stringify({cursor: this.cursor, seqs: [...this.seqs]}));
    } catch {
      this.storage = null; // full or forbidden: the position then lasts as long as the page
    }
  }

  forget() {
    clearTimeout(this.writing);
    this.writing = undefined;
    this.cursor = undefined;
    this.seqs.clear();
    try {
      this.storage?.removeItem(this.key);
    } catch {
      this.storage = null;
    }
  }

  #load() {
    try {
      const kept = JSON.parse(this.storage?.getItem(this.key) ?? 'null');
      if (kept === null) return;
      this.cursor = typeof kept.cursor === 'string' ? kept.cursor : undefined;
      this.seqs = new Map(kept.seqs);
    } catch {
      this.cursor = undefined; // written by another program or version: start anew
    }
  }
}

/** Return the tab's storage, or null where the browser forbids it. */
export function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null; // forbidden by the browser's settings
  }
}
