import type {TaskHandle} from './index.js';

export interface AgUiOptions {
  /** The conversation that the run belongs to. Default: the task's id. */
  threadId?: string;
  /** The stream that has the answer. Default: `answer`. */
  stream?: string;
  signal?: AbortSignal;
}

/** The run of a task as events of the AG-UI protocol. Where the handler runs again, a new message begins. */
export function agUiEvents(task: TaskHandle<any>, options?: AgUiOptions): AsyncIterableIterator<{type: string; [field: string]: any}>;
