import {fieldErrors} from '../shared/errors.js';

/** Names, times and numbers as the operator page shows them. */

export const STATUS = {
  pending: {word: 'Pending', tone: 'calm'},
  processing: {word: 'Running', tone: 'busy'},
  completed: {word: 'Completed', tone: 'good'},
  failed: {word: 'Refused', tone: 'warn'},
  'dead-letter': {word: 'Dead letter', tone: 'bad'},
  cancelled: {word: 'Cancelled', tone: 'plain'},
};

/** Statuses in which a stored error belongs to the past. */
export const GOT_OVER = new Set(['completed', 'cancelled']);
export const OVER = new Set(['completed', 'failed', 'dead-letter', 'cancelled']);

const KINDS = {
  submitted: 'Submitted',
  started: 'Picked up by a worker',
  progress: 'Progress',
  step: 'Step recorded',
  waiting: 'Waits for its children',
  parked: 'Parked by a flag',
  renewed: 'Got the payload of a later submit of its unique key',
  unparked: 'Resumed, the flag is on again',
  released: 'Released, costs no attempt',
  retrying: 'Failed, will be retried',
  'lease-lost': 'Lease ended: the worker did not finish',
  completed: 'Completed',
  failed: 'Refused by the agent',
  'dead-letter': 'Attempts used up: dead letter',
  cancelled: 'Cancelled',
  redriven: 'Redriven with new attempts',
  discarded: 'Discarded',
};

/** Return the text of one event. */
export function eventText({kind, data}) {
  const said = KINDS[kind] ?? kind;
  if (kind === 'progress') return data?.progress?.message ?? said;
  if (kind === 'step') return data?.tookMs === undefined ? data?.step ?? said : `${data.step}, ${duration(data.tookMs)}`;
  if (kind === 'parked' && data?.flag) return `${said}: ${data.flag}`;
  if (kind === 'waiting' && data?.for) return `Waits for ${plural(data.children, 'child', 'children')} of ${data.for}`;
  if (data?.by) return `${said}, by ${data.by}${data.reason ? `: ${data.reason}` : ''}`;
  return said;
}

export function eventTone({kind}) {
  if (['retrying', 'lease-lost', 'dead-letter'].includes(kind)) return 'bad';
  if (['completed', 'step'].includes(kind)) return 'good';
  if (['failed', 'parked', 'discarded'].includes(kind)) return 'warn';
  if (['started', 'progress'].includes(kind)) return 'busy';
  return 'calm';
}

/** Return the text of a failure; `error` is `{message, kind, detail, fingerprint, …}` or a string. */
export function failureText(error) {
  if (!error) return '';
  if (typeof error === 'string') return error;
  return error.detail ?? error.message ?? error.kind ?? JSON.stringify(error);
}

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const WHOLE = new Intl.NumberFormat('en-GB');
export function number(value) {
  return WHOLE.format(value);
}

/** Return a rate per second with two, one or no decimals by its size. */
export function rate(value) {
  return value === 0 ? '0' : value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : number(Math.round(value));
}

export function percent(share) {
  const points = share * 100;
  return `${points === 0 || points >= 10 ? Math.round(points) : points.toFixed(1)} %`;
}

/** Return a duration: `80 ms`, `2.4 s`, `3 min`, `5 h`, `2 d`. */
export function duration(ms) {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** Return a time relative to `now`. */
export function ago(moment, now = Date.now()) {
  const ms = now - new Date(moment).getTime();
  if (Math.abs(ms) < 1_000) return 'now';
  return ms > 0 ? `${duration(ms)} ago` : `in ${duration(-ms)}`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const DAY = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit'});

const YEAR = new Intl.DateTimeFormat('en-GB', {year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit'});

export function clock(moment) {
  const [date, today] = [new Date(moment), new Date()];
  if (date.toDateString() === today.toDateString()) return CLOCK.format(date);
  return (date.getFullYear() === today.getFullYear() ? DAY : YEAR).format(date);
}

/** Return a sentence of the API with its ISO times in local form. */
export function withLocalTimes(text) {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => clock(moment));
}

/** Return the exact time in UTC, for a tooltip. */
export function exact(moment) {
  return new Date(moment).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** Return the last eight digits of an id. */
export function short(id) {
  return id.slice(-8);
}

/** Return one line of the audit trail. A change outside the database is recorded before and after it is made. */
export function auditText(entry) {
  const {step, error} = entry.detail;
  const text = actionText(entry);
  if (step === 'begun') return `Started: ${text}`;
  return step === 'failed' ? `Failed: ${text}. ${error}` : text;
}

function actionText({action, detail}) {
  const selection = selectionText(detail);
  const many = detail.tasks === undefined ? '' : plural(detail.tasks, 'dead letter');
  switch (action) {
    case 'redrive':
      return `Redrove ${many} (${selection})${detail.canary ? ', in stages' : ''}${detail.rate ? `, ${detail.rate} a second` : ''}`;
    case 'discard':
      return `Discarded ${many} (${selection})${detail.reason ? `: ${detail.reason}` : ''}`;
    case 'cancel':
      return detail.task ? `Cancelled task ${short(detail.task)}.` : `Cancelled ${plural(detail.tasks, 'task')} (${selection}): ${detail.reason}`;
    case 'run-again':
      return `${detail.newTask ? `Ran task ${short(detail.task)} again as ${short(detail.newTask)}${detail.edited ? ' with an edited payload' : ''}` : `Run task ${short(detail.task)} again`}: ${detail.reason}`;
    case 'note':
      return `Added a note to task ${short(detail.task)}.`;
    case 'knowledge':
      return 'Loaded the knowledge base';
    case 'stop':
      return detail.reason ? `Stopped a redrive: ${detail.reason}` : 'Stopped a redrive';
    case 'flag':
      return `${detail.forget ? `Removed the flag ${detail.flag}` : `Set the flag ${detail.flag}: ${flagText(detail)}`}${detail.gradual ? ', gradually' : ''}${detail.aborted ? `; this ended ${rolloutText(detail.aborted)}` : ''}`;
    case 'abort':
      return `Took back ${detail.flags ? rolloutText(detail) : `rollout ${detail.deployment} of the flags`}`;
    case 'rotate':
      return `Made new keys for access tokens${detail.revoke ? ' and revoked the old ones' : ''}`;
    default:
      return action;
  }
}

function selectionText({ids, type, owner, status, state, trace, fingerprint, version, since, until}) {
  if (ids) return ids.length === 1 ? `task ${short(ids[0])}` : 'chosen one by one';
  const text = {type, owner, status, state, trace, failure: fingerprint, version, since: since && clock(since), until: until && clock(until)};
  const parts = Object.entries(text).filter(([, value]) => value).map(([name, value]) => `${name} ${value}`);
  return parts.length ? parts.join(', ') : 'all of them';
}

export function flagText({on, percent: share, owners}) {
  if (on) return 'on for everybody';
  const parts = [share ? `${share} % of owners` : '', owners?.length ? plural(owners.length, 'named owner') : ''].filter(Boolean);
  return parts.length ? `on for ${parts.join(' and ')}` : 'off for everybody';
}

/** Return the text of a gradual change of flags and its progress. */
export function rolloutText({flags, version, percentDeployed}) {
  return `the rollout of ${flags.join(', ') || 'no flag'} (version ${version}, ${Math.round(percentDeployed)} % of the way)`;
}

/** Return a sentence for an operator, whatever went wrong. */
export function errorText(error) {
  const [first] = fieldErrors(error);
  if (first) return first.message;
  if (error?.status === 429) return 'Too many requests. Wait a moment, then try again.';
  if (error?.name === 'TimeoutError') return 'The API took too long to answer.';
  if (error?.name === 'Unreachable') return 'The API cannot be reached. Check the network, or whether the stack is up.';
  if (error?.status >= 500 && !error.body?.message) return 'The API failed and gave no answer. Its logs say why.';
  if (error?.status >= 500) return `${error.message} Its log lines carry the trace ${error.traceId}.`;
  return error?.message ?? 'Something went wrong.';
}

/** Return why a task is where it is. A task that is over says how it ended, how long it took and on which attempt. */
export function whyText({status, why, attempts, createdAt, finishedAt, error}) {
  if (why.reason !== 'finished') return withLocalTimes(why.message);
  const took = duration(Date.parse(finishedAt ?? why.since) - Date.parse(createdAt));
  if (status === 'completed') return `Finished in ${took}, ${attempts === 1 ? 'first attempt' : `attempt ${attempts}`}.`;
  if (status === 'failed') return error ? `Refused: ${error}` : 'Refused by the agent.';
  if (status === 'cancelled') return `Cancelled after ${took}.`;
  return `Dead letter after ${plural(attempts, 'attempt')}.`;
}
