/**
 * Submit tasks to an Agent Orchestrator and follow them live.
 *
 * Name your task types once to have payloads and results checked:
 *
 *     interface Types { echo: {payload: {hello: string}; result: {message: string}} }
 *     const client = createClient<Types>({apiUrl: ''});
 */

export type TaskStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'dead-letter' | 'cancelled';

/** How far a running handler says it is. */
export interface Progress {
  readonly message: string;
  readonly percent?: number;
  readonly data?: Record<string, unknown>;
}

/** An open question of a task that waits for an answer. */
export interface Ask {
  readonly name: string;
  readonly kind: 'signal' | 'approval';
  /** The JSON schema of the answer. */
  readonly schema: unknown;
  /** The subject of an approval. */
  readonly shown: unknown;
  readonly expiresAt: string | null;
  /** A secret with which anybody may answer once; null where the caller may not answer. */
  readonly answerToken: string | null;
}

/** A task as the client knows it: the newest update merged into the earlier ones. */
export interface Task<Result = unknown> {
  readonly id: string;
  readonly type: string;
  readonly status: TaskStatus;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly result?: Result | null;
  /** The result was too large for a frame; `handle.result()` fetches it. */
  readonly resultTruncated?: boolean;
  /** Message for the user. */
  readonly error?: string | null;
  readonly progress?: Progress | null;
  readonly updatedAt?: string;
  readonly createdAt?: string;
  readonly nextRunAt?: string | null;
  /** The open questions, while the task waits for an answer. */
  readonly asks?: readonly Ask[] | undefined;
  /** The newest event: submitted, started, step, progress, waiting, parked, retrying, completed, … */
  readonly event?: string;
  /** The recorded step's name, where `event` is `step`. */
  readonly step?: string;
  /** A part of a stream, where `event` is `stream` and it came over the socket. */
  readonly part?: {readonly stream: string; readonly generation: number; readonly offset: number; readonly text: string; readonly done: boolean};
  /** The trace id of the request that submitted the task. Users can quote it, and operators search with it. */
  readonly traceId?: string | null;
  /** The task's own counter: 1 is its first event, each event adds one. */
  readonly seq: number;
}

/** One thing that happened to a task. Each is delivered once, in the order of `seq`. */
export type TaskUpdate<Result = unknown> = Task<Result>;

export interface TaskEvent {
  readonly seq: number;
  readonly kind: string;
  readonly status: TaskStatus;
  readonly attempts: number;
  readonly createdAt: string;
  readonly [field: string]: unknown;
}

/**
 * - `idle`: not started yet, or closed
 * - `connecting`: no socket yet, nothing failed so far
 * - `live`: the socket is open and nothing was missed
 * - `polling`: sockets are not to be had; updates come over HTTP
 * - `offline`: neither works at the moment; the client keeps trying
 * - `expired`: the session has ended; call `client.connect()` after signing in again
 */
export type ConnectionState = 'idle' | 'connecting' | 'live' | 'polling' | 'offline' | 'expired';

export type TaskTypes = Record<string, {payload: unknown; result: unknown}>;

/** The types that `createClient` accepts: an interface whose members each name a payload and a result. */
export type TypesLike<Types> = {[T in keyof Types]: {payload: unknown; result: unknown}};

export interface SubmitOptions {
  /** The same key with the same payload gives the same task. Made for you when absent, so a resend is safe. */
  idempotencyKey?: string;
  maxAttempts?: number;
  /** When to start at the earliest: a Date, or ISO 8601. */
  scheduleAt?: Date | string;
  /** Of the task's whole life from when it is first due: seconds, or a text such as 2h. */
  deadline?: number | string;
  signal?: AbortSignal;
}

export interface UpdatesOptions {
  /** Begin after this `seq`; the client fetches missed events. Default: the last `seq` given to this tab. */
  after?: number;
  signal?: AbortSignal;
}

/** The next text of a stream. */
export interface StreamPart {
  readonly text: string;
  /** The handler runs again and writes the stream from its start: drop the text so far. */
  readonly restarted: boolean;
  /** No more text comes. */
  readonly done: boolean;
}

export interface TaskHandle<Result = unknown> {
  readonly id: string;
  /** The newest known state, if any update was seen. */
  readonly snapshot: Task<Result> | undefined;
  /** Settles when the task is over: its result, or `TaskFailed`. Calls share one wait. */
  result(): Promise<Result>;
  /** Every update, once and in order; ends after the one that ends the task. */
  updates(options?: UpdatesOptions): AsyncIterableIterator<TaskUpdate<Result>>;
  /** The text of a stream while the handler writes it: each character of a generation once, in order. Ends with the stream or the task. */
  stream(name: string, options?: {signal?: AbortSignal}): AsyncIterableIterator<StreamPart>;
  /** The task's recorded events, from the server. */
  events(after?: number): Promise<TaskEvent[]>;
  refresh(): Promise<Task<Result>>;
  cancel(): Promise<void>;
  /** Answer a question of the task, or send it a signal. A second answer is an `ApiError` with the status 409. */
  answer(name: string, value: unknown): Promise<void>;
}

export interface TokenRequest {
  /** The last token was refused: hand out a new one, or nothing. */
  expired: boolean;
}

/** Delays in milliseconds. The defaults suit API Gateway. */
export interface Timing {
  /** Ping this often (API Gateway drops a socket idle for 10 minutes). */
  ping: number;
  /** A ping unanswered this long means the socket is dead. */
  pong: number;
  /** A socket that is not subscribed by then has failed. */
  connect: number;
  /** A request without its whole answer by then has failed (the API itself answers sooner, if only that it cannot). */
  answer: number;
  /** Replace the socket at this age, by a new one opened first (API Gateway's limit is 2 hours). */
  rotate: number;
  /** Wait at most `backoff * 2^n` before try n+1, at random, and never over `backoffMax`. */
  backoff: number;
  backoffMax: number;
  /** Poll over HTTP when there was no live socket for this long. */
  patience: number;
  /** Between polls: while a task runs, and while none does. */
  pollBusy: number;
  pollIdle: number;
  /** How long the frame a pong announced may take to arrive before it counts as missed. */
  grace: number;
}

export interface ClientOptions {
  /** The base of the API, so that `${apiUrl}/api/tasks` works. `''` is this page's own origin. */
  apiUrl: string;
  /** Bearer token for each request. Absent: the session cookie is used. */
  getToken?: (request: TokenRequest) => string | null | undefined | Promise<string | null | undefined>;
  /** Separates the positions of several users in one tab, such as the user's id. */
  scope?: string;
  /** Storage of the position in the event feed over a reload. Default `sessionStorage`; `null` keeps nothing. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /** `false` never opens a socket. */
  sockets?: boolean;
  timing?: Partial<Timing>;
  /** The W3C traceparent of a request, where a page traces by itself. Default: a new trace for each. */
  traceparent?: () => string;
  fetch?: typeof fetch;
  WebSocket?: new (url: string) => WebSocket;
}

export type Unsubscribe = () => void;

export interface Client<Types extends TypesLike<Types> = TaskTypes> {
  readonly connection: ConnectionState;
  submit<T extends keyof Types & string>(
    type: T, payload?: Types[T]['payload'], options?: SubmitOptions,
  ): Promise<TaskHandle<Types[T]['result']>>;
  /** A handle on a task that something else started: a route's `taskId`, an id from before a reload. */
  task<Result = unknown>(id: string): TaskHandle<Result>;
  /** The known tasks, newest first. The same array until something changes. */
  tasks(): readonly Task[];
  /** Each update of any of the caller's tasks, once and in order per task. */
  onUpdate(listener: (update: TaskUpdate) => void): Unsubscribe;
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe;
  /** Called after `tasks()` changed. */
  onChange(listener: () => void): Unsubscribe;
  /** Starts, or tries again at once. `submit`, `onUpdate` and the handles call it themselves. */
  connect(): void;
  /** Ends everything. `forget` also drops the stored position (sign-out). */
  close(options?: {forget?: boolean}): void;
  /** An authenticated call of any other route of the API. */
  request<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<T>;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function createClient<Types extends TypesLike<Types> = TaskTypes>(options: ClientOptions): Client<Types>;

/** The API answered with an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly traceId: string | undefined;
}

/** The API could not be reached. */
export class Unreachable extends Error {
  readonly traceId: string | undefined;
}

/** The task ended in `failed`, `dead-letter` or `cancelled`; the message is the server's text for the user. */
export class TaskFailed extends Error {
  readonly task: Task;
  readonly traceId: string | undefined;
}

/**
 * A drop-in `EventSource` for code that reads the former stream `GET /api/task-events`. Each update of a task is an
 * event `message` and an event `task-update` whose `data` is the task as JSON.
 */
export class TaskEventSource extends EventTarget {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSED: 2;
  /** `url` is that of the former stream; the API's base is the part before `/api/task-events`. */
  constructor(url: string | URL, options?: Partial<ClientOptions> & {withCredentials?: boolean});
  readonly url: string;
  readonly withCredentials: boolean;
  readonly readyState: 0 | 1 | 2;
  readonly client: Client<any>;
  onopen?: ((event: Event) => void) | null;
  onmessage?: ((event: MessageEvent<string>) => void) | null;
  onerror?: ((event: Event) => void) | null;
  close(): void;
}

export function isOver(status: TaskStatus | undefined): boolean;
