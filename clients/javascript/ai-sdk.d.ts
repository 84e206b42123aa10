import type {Client} from './index.js';

export interface TaskChatOptions {
  client: Client<any>;
  /** The type of the task that a message submits. */
  type: string;
  /** The payload of a task from the messages of the chat. Default: `{text}` of the last message. */
  payload?: (messages: any[]) => unknown;
  /** The stream that has the answer. Default: `answer`. */
  stream?: string;
}

/**
 * A transport for `useChat` of the AI SDK: `useChat({transport: new TaskChatTransport({client, type: 'trip.advise'})})`.
 * Stopping the chat cancels the task. Where the handler runs again, the message gets a new text part.
 */
export class TaskChatTransport {
  constructor(options: TaskChatOptions);
  sendMessages(request: {chatId: string; messages: any[]; abortSignal?: AbortSignal | undefined}): Promise<ReadableStream<any>>;
  reconnectToStream(request: {chatId: string; abortSignal?: AbortSignal}): Promise<ReadableStream<any> | null>;
}
