/** @typedef {import('./index.d.ts').TaskHandle<any>} TaskHandle */

/** A transport for `useChat` of the AI SDK: a message submits a task, and its stream is the answer. */
export class TaskChatTransport {
  /** @type {Map<string, TaskHandle>} the newest task of each chat */
  #tasks = new Map();

  /** @param {import('./ai-sdk.d.ts').TaskChatOptions} options */
  constructor({client, type, payload = lastText, stream = 'answer'}) {
    this.client = client;
    this.type = type;
    this.payload = payload;
    this.stream = stream;
  }

  /** @param {{chatId: string, messages: any[], abortSignal?: AbortSignal | undefined}} request */
  async sendMessages({chatId, messages, abortSignal}) {
    const task = await this.client.submit(this.type, this.payload(messages), abortSignal ? {signal: abortSignal} : {});
    this.#tasks.set(chatId, task);
    abortSignal?.addEventListener('abort', () => void task.cancel().catch(() => {})); // it may be over
    return readable(chunks(task, this.stream, abortSignal));
  }

  /** @param {{chatId: string, abortSignal?: AbortSignal}} request */
  async reconnectToStream({chatId, abortSignal}) {
    const task = this.#tasks.get(chatId);
    return task ? readable(chunks(task, this.stream, abortSignal)) : null;
  }
}

/**
 * The chunks of a message: a handler that runs again begins a new text.
 * @param {TaskHandle} task
 * @param {string} name
 * @param {AbortSignal | undefined} signal
 */
async function* chunks(task, name, signal) {
  let texts = 0;
  const id = () => `${task.id}-${texts}`;
  yield {type: 'start', messageId: task.id};
  for await (const {text, restarted} of task.stream(name, signal ? {signal} : {})) {
    if (restarted && texts > 0) yield {type: 'text-end', id: id()};
    if (restarted || texts === 0) {
      texts += 1;
      yield {type: 'text-start', id: id()};
    }
    if (text) yield {type: 'text-delta', id: id(), delta: text};
  }
  if (texts > 0) yield {type: 'text-end', id: id()};
  if (signal?.aborted) return void (yield {type: 'abort'});
  try {
    await task.result();
    yield {type: 'finish'};
  } catch (error) {
    yield {type: 'error', errorText: /** @type {Error} */ (error).message};
  }
}

/** @param {AsyncIterableIterator<object>} items @returns {ReadableStream<any>} */
function readable(items) {
  return new ReadableStream({
    async pull(controller) {
      const {value, done} = await items.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await items.return?.();
    },
  });
}

/** @param {any[]} messages */
function lastText(messages) {
  const parts = messages.at(-1)?.parts ?? [];
  return {text: parts.flatMap((/** @type {any} */ part) => (part.type === 'text' ? [part.text] : [])).join('')};
}
