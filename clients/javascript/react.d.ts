import type {ReactNode} from 'react';
import type {Ask, Client, ConnectionState, Task, TaskHandle, TypesLike} from './index.js';

/** Provide the client to the hooks below it. */
export function TaskClientProvider<Types extends TypesLike<Types>>(props: {client: Client<Types>; children?: ReactNode}): ReactNode;

export function useTaskClient(): Client;

export interface WatchedTask<Result = unknown> {
  /** The newest known state; undefined until the first is known. */
  task: Task<Result> | undefined;
  status: Task['status'] | undefined;
  /** The complete result, also where its frame was truncated. */
  result: Result | undefined;
  /** The task's own failure, or why it cannot be followed (gone, not the caller's). */
  error: Error | undefined;
  over: boolean;
}

/** Follows one task. `undefined` or `null` follows none: nothing was started yet. */
export function useTask<Result = unknown>(task: TaskHandle<Result> | string | null | undefined): WatchedTask<Result>;

/** The caller's tasks, newest first, each render with the same array until something changed. */
export function useTasks(filter?: {type?: string; status?: Task['status']}): readonly Task[];

/** The text of a task's stream while it grows; empty until it begins. */
export function useStream(task: TaskHandle | string | null | undefined, name: string): {text: string; done: boolean};

export interface OpenAsk extends Ask {
  readonly taskId: string;
  /** Answers, and removes the question from the list. */
  answer(value: unknown): Promise<void>;
}

/** The open questions to the caller, oldest first; those of other people's tasks too. */
export function useAsks(): readonly OpenAsk[];

export function useConnection(): ConnectionState;
