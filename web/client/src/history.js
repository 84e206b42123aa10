/** @typedef {import('../index.d.ts').TaskUpdate} TaskUpdate */

/**
 * The updates that a task's recorded events stand for.
 * @param {TaskUpdate} task a state of the task, whose own `seq` needs no event
 * @param {any[]} events in order
 * @returns {TaskUpdate[]}
 */
export function updatesFrom(task, events) {
  /** @type {unknown} */
  let progress = null;
  return events.map((event) => {
    if (event.seq === task.seq) return task;
    if (event.kind === 'progress') progress = event.data ?? null;
    return {
      id: task.id,
      type: task.type,
      status: event.status ?? task.status,
      attempts: event.attempts ?? task.attempts,
      maxAttempts: task.maxAttempts,
      progress,
      updatedAt: event.createdAt ?? task.updatedAt,
      seq: event.seq,
    };
  });
}

/**
 * Reads the updates after `after`, up to and with the state `task`.
 * @param {import('./http.js').Http} http
 * @param {TaskUpdate} task
 * @param {number} after
 */
export async function missedUpdates(http, task, after) {
  if (task.seq <= after + 1) return [task];
  const path = `/api/tasks/${encodeURIComponent(task.id)}/events?after=${after}`;
  const {items} = await http.request('GET', path);
  const updates = updatesFrom(task, items.filter((/** @type {any} */ event) => event.seq <= task.seq));
  return updates.at(-1)?.seq === task.seq ? updates : [...updates, task];
}
