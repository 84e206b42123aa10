/** The API answered with an error. */
export class ApiError extends Error {
  /** @param {number} status @param {unknown} body @param {string} [traceId] the request's, unless the answer names its own */
  constructor(status, body, traceId) {
    super(messageOf(body) ?? `the API answered ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
    this.traceId = textOf(body, 'traceId') ?? traceId;
  }
}

/** The API could not be reached. */
export class Unreachable extends Error {
  /** @param {unknown} cause @param {string} [traceId] */
  constructor(cause, traceId) {
    super('the API cannot be reached', {cause});
    this.name = 'Unreachable';
    this.traceId = traceId;
  }
}

/** The task ended in `failed`, `dead-letter` or `cancelled`. */
export class TaskFailed extends Error {
  /** @param {import('../index.d.ts').Task} task */
  constructor(task) {
    super(task.error || `the task is ${task.status}`);
    this.name = 'TaskFailed';
    this.task = task;
    this.traceId = task.traceId ?? undefined;
  }
}

/**
 * @param {unknown} body
 * @returns {string | undefined}
 */
function messageOf(body) {
  return typeof body === 'string' && body ? body : textOf(body, 'message');
}

/**
 * @param {unknown} body
 * @param {string} name
 * @returns {string | undefined}
 */
function textOf(body, name) {
  const value = typeof body === 'object' && body !== null ? /** @type {Record<string, unknown>} */ (body)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
