import {TaskClient} from './src/client.js';

export {ApiError, TaskFailed, Unreachable} from './src/errors.js';
export {TaskEventSource} from './src/event_source.js';
export {isOver} from './src/tasks.js';

/**
 * @param {import('./index.d.ts').ClientOptions} options
 * @returns {import('./index.d.ts').Client<any>}
 */
export function createClient(options) {
  return new TaskClient(options);
}
