/** The API answered with an error. */
export class ApiError extends Error {
  /** @param {number} status @param {unknown} body */
  constructor(status, body) {
    super(messageOf(body) ?? `the API answered ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
  }
}

/** The API could not be reached. */
export class Unreachable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super('the API cannot be reached', {cause});
    this.name = 'Unreachable';
  }
}

/** The task ended in `failed`, `dead-letter` or `cancelled`. */
export class TaskFailed extends Error {
  /** @param {import('../index.d.ts').Task} task */
  constructor(task) {
    super(task.error || `the task is ${task.status}`);
    this.name = 'TaskFailed';
    this.task = task;
  }
}

/**
 * @param {unknown} body
 * @returns {string | undefined}
 */
function messageOf(body) {
  if (typeof body === 'string' && body) return body;
  if (typeof body !== 'object' || body === null || !('message' in body)) return undefined;
  return typeof body.message === 'string' ? body.message : undefined;
}
