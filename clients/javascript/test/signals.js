/** Waits for a condition; the limit is only for a test that fails. */
export async function until(condition, subject, limit = 5_000) {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${subject}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function collect(iterator) {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
}

/** sessionStorage, outside a browser. */
export class MemoryStorage {
  #items = new Map();

  get size() {
    return this.#items.size;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}
