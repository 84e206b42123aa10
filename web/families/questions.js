import {createStore, useStore} from '../shared/store.js';
import {call, client} from './session.js';
import {OVER} from './texts.js';

/** Milliseconds after which the questions are read again: no update announces those of other families' tasks. */
const LONGEST_AGE = 30_000;

/** The open questions to this family, oldest first. */
const questions = createStore(/** @type {any[]} */ ([]));

export function useQuestions() {
  return useStore(questions);
}

let reads = 0;

/** Read the questions again; a failed read keeps the known ones. */
export async function readQuestions() {
  const turn = (reads += 1);
  const read = await call('GET', '/api/tasks/asks').catch(() => null); // the connection's state shows the fault
  if (read && turn === reads) questions.set(read.items);
}

/** Keep the questions as they are on the server, from now on; return how to end that. */
export function followQuestions() {
  const ends = [
    client.onUpdate((update) => {
      if (changesQuestions(update, questions.get())) void readQuestions();
    }),
    client.onConnection((state) => {
      if (state === 'live' || state === 'polling') void readQuestions();
    }),
  ];
  const timer = setInterval(readQuestions, LONGEST_AGE);
  void readQuestions();
  return () => {
    clearInterval(timer);
    reads += 1;
    questions.set([]);
    for (const end of ends) end();
  };
}

/**
 * Return whether an update of a task may open or end a question.
 * @param {any} update
 * @param {{taskId: string}[]} known
 */
export function changesQuestions({id, event, status, asks}, known) {
  if (event === 'waiting' || event === 'signal' || asks?.length) return true;
  return known.some(({taskId}) => taskId === id) && (OVER.has(status) || status === 'processing');
}

/**
 * Return the fields of the form that answers a question, from its JSON schema; null where no form can.
 * A field without a name is the whole answer.
 * @param {any} schema
 */
export function fieldsOf(schema) {
  if (!schema) return [{name: '', label: 'Your answer', kind: 'text', isRequired: true}];
  const resolve = (part) => (part.$ref ? {...schema.$defs?.[part.$ref.split('/').at(-1)], ...part, $ref: undefined} : part);
  const whole = resolve(schema);
  if (whole.type !== 'object' || !whole.properties) {
    const field = fieldOf('', whole, true);
    return field && [{...field, label: 'Your answer'}];
  }
  const fields = Object.entries(whole.properties).map(([name, part]) => fieldOf(name, resolve(part), (whole.required ?? []).includes(name)));
  return fields.every(Boolean) ? fields : null;
}

const KINDS = {string: 'text', integer: 'number', number: 'number', boolean: 'yes-no'};

function fieldOf(name, part, isRequired) {
  const given = (part.anyOf ?? []).filter(({type}) => type !== 'null');
  if (given.length === 1) return fieldOf(name, {...part, ...given[0], anyOf: undefined}, isRequired);
  const field = {name, label: part.description ?? part.title ?? name, isRequired};
  if (part.enum) return {...field, kind: 'choice', options: part.enum};
  if (part.format === 'date-time') return {...field, kind: 'time'};
  const kind = KINDS[part.type];
  return kind ? {...field, kind} : null;
}

/** Return the answer that a form's values stand for. An empty optional field is left out. */
export function answerOf(fields, values) {
  const given = fields.flatMap((field) => {
    const value = values[`answer-${field.name}`];
    return value === undefined || value === '' ? [] : [[field.name, parsed(field, value)]];
  });
  return fields.length === 1 && fields[0].name === '' ? given[0]?.[1] ?? '' : Object.fromEntries(given);
}

function parsed({kind, options}, value) {
  if (kind === 'yes-no') return value === 'yes';
  if (kind === 'number') return Number(value);
  if (kind === 'time') return new Date(value).toISOString();
  return kind === 'choice' ? options[Number(value)] : value;
}
