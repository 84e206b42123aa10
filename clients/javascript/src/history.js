/** @typedef {import('../index.d.ts').TaskUpdate} TaskUpdate */

/**
 * Return the updates that correspond to a task's recorded events.
 * @param {TaskUpdate} task a state of the task: all there is to know of the event with its `seq`
 * @param {any[]} events in order
 * @returns {TaskUpdate[]}
 */
export function updatesFrom(task, events) {
  /** @type {TaskUpdate['progress']} */
  let progress = null;
  return events.map(({seq, kind, status, attempts, createdAt, step, progress: update}) => {
    progress = update ?? progress;
    const named = {event: kind, ...(step === undefined ? {} : {step})};
    if (seq === task.seq) return {...task, ...named};
    return {
      id: task.id,
      type: task.type,
      status: status ?? task.status,
      attempts: attempts ?? task.attempts,
      maxAttempts: task.maxAttempts,
      progress,
      updatedAt: createdAt ?? task.updatedAt,
      ...named,
      seq,
    };
  });
}

/**
 * Read the updates after `after`, up to and including the state `task`.
 * @param {import('./http.js').Http} http
 * @param {TaskUpdate} task
 * @param {number} after
 */
export async function missedUpdates(http, task, after) {
  /** @type {any[]} */
  const events = [];
  for (let last = after; last < task.seq; last = events.at(-1).seq) {
    const {items} = await http.request('GET', `/api/tasks/${encodeURIComponent(task.id)}/events?after=${last}`);
    if (items.length === 0) break;
    events.push(...items);
  }
  const updates = updatesFrom(task, events.filter((event) => event.seq <= task.seq));
  return updates.at(-1)?.seq === task.seq ? updates : [...updates, task];
}
