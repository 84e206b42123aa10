import {createContext, createElement, useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore} from 'react';
import {isOver} from './src/tasks.js';

/** @typedef {import('./index.d.ts').Client} Client */

/** Milliseconds after which the questions of other people's tasks are read again: no update announces them. */
const ASKS_AGE = 30_000;

const ClientContext = createContext(/** @type {Client | null} */ (null));

/** @param {{client: any, children?: import('react').ReactNode}} props */
export function TaskClientProvider({client, children}) {
  useEffect(() => client.connect(), [client]);
  return createElement(ClientContext.Provider, {value: client}, children);
}

export function useTaskClient() {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('useTask and its kin need a <TaskClientProvider> above them');
  return client;
}

/** @param {import('./index.d.ts').TaskHandle<any> | string | null | undefined} which */
export function useTask(which) {
  const client = useTaskClient();
  const id = typeof which === 'object' ? which?.id : which;
  const onChange = useCallback((/** @type {() => void} */ changed) => client.onChange(changed), [client]);
  const task = useSyncExternalStore(onChange, () => (id ? client.task(id).snapshot : undefined));
  const outcome = useOutcome(client, id);
  return {
    task,
    status: task?.status,
    result: outcome.result,
    error: outcome.error,
    over: isOver(task?.status),
  };
}

/** @param {{type?: string, status?: string}} [filter] */
export function useTasks({type, status} = {}) {
  const client = useTaskClient();
  const onChange = useCallback((/** @type {() => void} */ changed) => client.onChange(changed), [client]);
  const all = useSyncExternalStore(onChange, () => client.tasks());
  return useMemo(
    () => all.filter((task) => (!type || task.type === type) && (!status || task.status === status)),
    [all, type, status],
  );
}

/**
 * @param {import('./index.d.ts').TaskHandle<any> | string | null | undefined} which
 * @param {string} name
 */
export function useStream(which, name) {
  const client = useTaskClient();
  const id = typeof which === 'object' ? which?.id : which;
  const [read, setRead] = useState({id: /** @type {string | null | undefined} */ (undefined), text: '', done: false});
  useEffect(() => {
    if (!id) return undefined;
    const ended = new AbortController();
    setRead({id, text: '', done: false});
    void (async () => {
      for await (const part of client.task(id).stream(name, {signal: ended.signal})) {
        if (ended.signal.aborted) return;
        setRead(({text}) => ({id, text: (part.restarted ? '' : text) + part.text, done: part.done}));
      }
    })().catch(() => {}); // useTask shows why a task cannot be followed
    return () => ended.abort();
  }, [client, id, name]);
  return read.id === id ? {text: read.text, done: read.done} : {text: '', done: false};
}

export function useAsks() {
  const client = useTaskClient();
  const onChange = useCallback((/** @type {() => void} */ changed) => client.onChange(changed), [client]);
  const asking = useSyncExternalStore(onChange, () => askingTasks(client.tasks()));
  const [asks, setAsks] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    let current = true;
    const read = () => client.request('GET', '/api/tasks/asks').then(
      ({items}) => { if (current) setAsks(items); },
      () => {}, // the connection state shows that the API cannot be reached
    );
    void read();
    const timer = setInterval(read, ASKS_AGE);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [client, asking]);
  return useMemo(() => asks.map((ask) => ({
    ...ask,
    answer: async (/** @type {unknown} */ value) => {
      await client.task(ask.taskId).answer(ask.name, value);
      setAsks((left) => left.filter(({taskId, name}) => taskId !== ask.taskId || name !== ask.name));
    },
  })), [client, asks]);
}

/** Names the tasks with open questions, so that a change of them is noticed. @param {readonly any[]} tasks */
function askingTasks(tasks) {
  return tasks.filter(({asks}) => asks?.length).map(({id, seq}) => `${id}:${seq}`).join();
}

export function useConnection() {
  const client = useTaskClient();
  const onChange = useCallback((/** @type {() => void} */ changed) => client.onConnection(changed), [client]);
  return useSyncExternalStore(onChange, () => client.connection);
}

/** @typedef {{id?: string, result?: any, error?: Error}} Outcome */

/**
 * How the task ended; empty while it has not, or belongs to the id before.
 * @param {Client} client
 * @param {string | undefined | null} id
 * @returns {Outcome}
 */
function useOutcome(client, id) {
  const [outcome, setOutcome] = useState(/** @type {Outcome} */ ({}));
  useEffect(() => {
    if (!id) return undefined;
    let current = true;
    /** @param {Outcome} ended */
    const show = (ended) => {
      if (current) setOutcome({id, ...ended});
    };
    client.task(id).result().then(
      (result) => show({result}),
      (error) => show({error}),
    );
    return () => {
      current = false;
    };
  }, [client, id]);
  return outcome.id === id ? outcome : {};
}
