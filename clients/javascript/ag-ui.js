/** @typedef {import('./index.d.ts').TaskHandle<any>} TaskHandle */

/**
 * @param {TaskHandle} task
 * @param {{threadId?: string, stream?: string, signal?: AbortSignal}} [options]
 * @returns {AsyncIterableIterator<any>}
 */
export async function* agUiEvents(task, {threadId = task.id, stream = 'answer', signal} = {}) {
  const run = {threadId, runId: task.id};
  let texts = 0;
  const messageId = () => `${task.id}-${texts}`;
  yield {type: 'RUN_STARTED', ...run};
  for await (const {text, restarted} of task.stream(stream, signal ? {signal} : {})) {
    if (restarted && texts > 0) yield {type: 'TEXT_MESSAGE_END', messageId: messageId()};
    if (restarted || texts === 0) {
      texts += 1;
      yield {type: 'TEXT_MESSAGE_START', messageId: messageId(), role: 'assistant'};
    }
    if (text) yield {type: 'TEXT_MESSAGE_CONTENT', messageId: messageId(), delta: text};
  }
  if (texts > 0) yield {type: 'TEXT_MESSAGE_END', messageId: messageId()};
  if (signal?.aborted) return;
  try {
    yield {type: 'RUN_FINISHED', ...run, result: await task.result()};
  } catch (error) {
    yield {type: 'RUN_ERROR', message: /** @type {Error} */ (error).message};
  }
}
