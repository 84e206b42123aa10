import assert from 'node:assert/strict';
import {test} from 'node:test';
import {EventSchema} from '@ag-ui/core/schemas';
import {readUIMessageStream} from 'ai';
import {agUiEvents} from '../ag-ui.js';
import {TaskChatTransport} from '../ai-sdk.js';
import {bench, connect, live} from './setup.js';
import {until} from './signals.js';

const QUESTION = {id: 'm1', role: 'user', parts: [{type: 'text', text: 'How long to Bergen?'}]};

/** The texts of a message that the AI SDK has put together from a stream of chunks. */
async function texts(stream) {
  let message;
  for await (const next of readUIMessageStream({stream})) message = next;
  return message.parts.filter(({type}) => type === 'text').map(({text}) => text);
}

/** Submit the question; answer its text stream and the id of its task. */
async function ask(transport, abortSignal) {
  const stream = await transport.sendMessages({chatId: 'c', messages: [QUESTION], abortSignal});
  return {stream, id: [...bench.tasks.keys()].at(-1)};
}

test('a message of the AI SDK is a task, and its stream is the answer', async () => {
  const client = connect();
  await live(client);
  const {stream, id} = await ask(new TaskChatTransport({client, type: 'trip.advise'}));
  assert.deepEqual(bench.tasks.get(id).payload, {text: 'How long to Bergen?'});
  const shown = texts(stream);
  bench.write(id, 'answer', 'Seven ');
  bench.write(id, 'answer', 'hours.', {done: true});
  bench.finish(id, {});
  assert.deepEqual(await shown, ['Seven hours.']);
});

test('a page that was loaded again continues with the answer', async () => {
  const client = connect();
  await live(client);
  const transport = new TaskChatTransport({client, type: 'trip.advise'});
  assert.equal(await transport.reconnectToStream({chatId: 'other'}), null);
  const {id} = await ask(transport);
  bench.write(id, 'answer', 'Seven ');
  const shown = texts(await transport.reconnectToStream({chatId: 'c'}));
  bench.write(id, 'answer', 'hours.', {done: true});
  bench.finish(id, {});
  assert.deepEqual(await shown, ['Seven hours.']);
});

test('stopping the chat cancels the task', async () => {
  const client = connect();
  await live(client);
  const stop = new AbortController();
  const {id} = await ask(new TaskChatTransport({client, type: 'trip.advise'}), stop.signal);
  stop.abort();
  await until(() => bench.tasks.get(id).status === 'cancelled', 'the cancel');
});

test('a task that fails is an error of the chat', async () => {
  const client = connect();
  await live(client);
  const {stream, id} = await ask(new TaskChatTransport({client, type: 'trip.advise'}));
  bench.emit(id, {status: 'failed', error: 'No such town.'});
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.deepEqual(chunks.at(-1), {type: 'error', errorText: 'No such town.'});
});

test('the run of a task is valid AG-UI', async () => {
  const client = connect();
  await live(client);
  const id = bench.create('ask');
  const read = (async () => {
    const events = [];
    for await (const event of agUiEvents(client.task(id), {threadId: 't'})) events.push(EventSchema.parse(event));
    return events;
  })();
  bench.write(id, 'answer', 'Sev');
  await until(() => client.task(id).snapshot?.seq === 2, 'the first part');
  bench.write(id, 'answer', 'Seven hours.', {restart: true, done: true});
  bench.finish(id, {hours: 7});
  const events = await read;
  assert.deepEqual([events[0].type, events.at(-1).type], ['RUN_STARTED', 'RUN_FINISHED']);
  assert.deepEqual(events.at(-1).result, {hours: 7});
  const last = events.filter(({type}) => type === 'TEXT_MESSAGE_START').at(-1).messageId;
  const text = events.flatMap(({messageId, delta}) => (messageId === last && delta ? [delta] : [])).join('');
  assert.equal(text, 'Seven hours.');
});
