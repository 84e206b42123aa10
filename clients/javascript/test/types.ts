// Compiled, never run: code that the types must accept, and code that they must refuse.
import type {ChatTransport, UIMessage} from 'ai';
import {TaskChatTransport} from '../ai-sdk.js';
import {createClient, isOver, TaskEventSource, TaskFailed, type TaskUpdate} from '../index.js';
import {useTask, useTasks} from '../react.js';

interface Types {
  echo: {payload: {hello: string}; result: {message: string}};
}

const client = createClient<Types>({apiUrl: '', getToken: async () => 'token', timing: {ping: 1}});
const handle = await client.submit('echo', {hello: 'you'}, {idempotencyKey: 'k', scheduleAt: new Date()});
const message: string = (await handle.result()).message;
for await (const update of handle.updates({after: 3})) {
  const seq: number = update.seq;
  if (isOver(update.status)) break;
  void seq;
}
const stop: () => void = client.onUpdate((update: TaskUpdate) => void update.progress);
const watched = useTask(handle);
const words: string | undefined = watched.result?.message;
const transport: ChatTransport<UIMessage> = new TaskChatTransport({client, type: 'echo'});
void transport;
const types: string[] = useTasks({status: 'completed'}).map((task) => task.type);
const failure: TaskFailed | undefined = undefined;
void [message, stop, words, types, failure];

const source = new TaskEventSource('/api/task-events', {withCredentials: true, getToken: () => 'token'});
source.onmessage = (event) => void JSON.parse(event.data);
if (source.readyState === TaskEventSource.OPEN) source.close();

// @ts-expect-error an unknown type of task
void client.submit('ehco', {hello: 'you'});
// @ts-expect-error a payload of another shape
void client.submit('echo', {hello: 1});
// @ts-expect-error the base of the API is needed
createClient({});
// @ts-expect-error not a status
isOver('done');

const untyped = createClient({apiUrl: 'https://api.example'});
const any = await untyped.submit('whatever', {a: 1});
const unknownResult: unknown = await any.result();
void unknownResult;
