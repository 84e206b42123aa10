import {config} from '../../shared/config.js';
import {useStore} from '../../shared/store.js';
import {html} from '../../shared/vendor/preact.js';
import {hashOf} from '../route.js';
import {freshness} from '../polling.js';
import {clock, duration, failureText, number, percent, plural} from '../texts.js';
import {refusalAlerts, useUsualRefusals} from './refusals.js';

/** A task that has been due for longer than this (s) is late. */
export const SLOW = 60;
/** A read of one row that takes longer than this (ms) means that the database is slow. */
export const SLOW_ANSWER = 100;
/** No task has ended for longer than this (s) while a task has been due for as long. */
const QUIET = 30;
/** A session has waited for a lock for longer than this (s). */
const LONG_LOCK = 2;
/** The sweeper runs every minute. A row that has waited for it for longer than this (s) means that it does not run. */
const LATE_SWEEP = 120;
/** The least number of failed tasks or lost leases that raises an alert. */
const SEVERAL = 3;
/** The number of failure groups with a line of their own, and the characters of their text. */
const WORST = 2;
const LONGEST_TEXT = 120;
/** The number and the share of live tasks of one owner that raise a notice. */
const FLOOD = 100;
const FLOOD_SHARE = 0.5;

/** The alerts of this moment, the worst first. `at` is the time of the data, `error` the error since. */
export function Health({stats, at, error}) {
  const {paused} = useStore(freshness);
  const usual = useUsualRefusals(stats);
  const alerts = [...alertsOf(stats), ...refusalAlerts(stats, usual)];
  if (!alerts.length) {
    const past = paused || Boolean(error);
    const text = past ? `Nothing needed attention at ${clock(at)}; later events are not known here.` : calmText(stats);
    return html`<section class="health" data-calm="true" aria-label="Needs attention"><p class="health-line"><span class="dot tone-${past ? 'plain' : 'good'}" aria-hidden="true"></span>${text}</p></section>`;
  }
  return html`
    <section class="health" aria-label="Needs attention">
      ${alerts.map(({key, tone, text, href, action, runbook}) => html`
        <p key=${key} class="health-line" data-alert=${key}><span class="dot tone-${tone}" aria-hidden="true"></span><span>${text}${runbook && html` <${Runbook} name=${runbook} />`}</span><a class="link" href=${href}>${action}</a></p>`)}
    </section>`;
}

/** A link to the runbook, where the deployer has set the address of the documents; otherwise its path. */
function Runbook({name}) {
  if (!config.docs) return html`<span class="runbook" title=${`docs/runbooks/${name}.md`}>runbook: ${name}</span>`;
  return html`<a class="runbook link" href=${`${config.docs}runbooks/${name}/`} target="_blank" rel="noreferrer">runbook: ${name}</a>`;
}

function calmText({live}) {
  if (!live.retrying) return 'Nothing needs attention. Tasks run as they arrive and there is no dead letter.';
  return `Nothing needs attention. ${plural(live.retrying, 'task')} failed and will be retried; there is no dead letter.`;
}

function alertsOf(stats) {
  const alerts = [];
  const add = (key, tone, text, route, action, runbook) => alerts.push({key, tone, text, href: hashOf(route), action, runbook});
  ofDeadLetters(stats, add);
  ofWaiting(stats, add);
  ofFailures(stats, add);
  ofDatabase(stats, add);
  ofOwners(stats, add);
  if (!stats.queue || !stats.deadLetterQueue) add('queue', 'bad', 'The queue does not answer. Tasks are safe in the database and are sent again once it does.', {view: 'tasks', query: {state: 'due'}}, 'See what waits');
  return alerts;
}

function ofDeadLetters({live, byType}, add) {
  if (!live.dead) return;
  const worst = [...byType].sort((a, b) => b.dead - a.dead)[0];
  const share = worst.dead === live.dead ? `, all of type ${worst.type}` : `, most of type ${worst.type}`;
  const text = live.dead === 1 ? `One task used up its attempts, of type ${worst.type}.` : `${number(live.dead)} tasks used up their attempts${share}.`;
  add('dead', 'bad', text, {view: 'dead-letters'}, 'Open dead letters', 'dead-letters');
}

function ofWaiting({live, oldestDueSeconds, recent, window, load}, add) {
  const due = {view: 'tasks', query: {state: 'due'}};
  const quiet = recent.quietSeconds ?? window.seconds;
  if (live.due && Math.min(oldestDueSeconds, quiet) > QUIET) {
    const since = `${recent.quietSeconds === null ? 'more than ' : ''}${duration(quiet * 1_000)}`;
    const running = live.processing ? `${number(live.processing)} ${live.processing === 1 ? 'is' : 'are'} running` : 'none is running';
    add('quiet', 'bad', `Nothing has ended for ${since} while ${plural(live.due, 'task')} ${live.due === 1 ? 'is' : 'are'} due; ${running}.`, due, 'See what waits', 'waiting');
  } else if (oldestDueSeconds > SLOW) {
    add('slow', 'warn', `A task has been due for ${duration(oldestDueSeconds * 1_000)} and no worker has claimed it: workers are slow or missing.`, due, 'See what waits', 'waiting');
  }
  if (load.sweepLateSeconds > LATE_SWEEP) add('sweeper', 'bad', `The sweeper is late by ${duration(load.sweepLateSeconds * 1_000)}: lost messages are not sent again, retries and schedules wait.`, {view: 'tasks', query: {status: 'pending'}}, 'See what waits', 'sweeper');
}

function ofFailures({live, failing, window, load}, add) {
  const worst = failing.filter(({count}) => count >= SEVERAL).slice(0, WORST);
  for (const {type, count, fingerprint, version, example} of worst) {
    add(`retrying ${type} ${fingerprint} ${version}`, 'warn', `${number(count)} tasks of type ${type} failed and will be retried: ${cut(failureText(example.error))}`, {view: 'tasks', query: {state: 'retrying', type, fingerprint: fingerprint || '-'}}, 'See them', 'failures');
  }
  if (!worst.length && live.retrying >= SEVERAL) add('retrying', 'warn', `${number(live.retrying)} tasks failed in different ways and will be retried.`, {view: 'tasks', query: {state: 'retrying'}}, 'See them', 'failures');
  const died = window.ended['dead-letter'];
  if (window.failureRate >= 0.05 && died >= SEVERAL) {
    add('rate', 'warn', `${percent(window.failureRate)} of the tasks that ended in the last ${duration(window.seconds * 1_000)} became dead letters: ${number(died)}.`, {view: 'tasks', query: {status: 'dead-letter', order: 'ended', since: `${window.seconds}s`}}, 'See them', 'failures');
  }
  if (load.leasesLost >= SEVERAL) add('leases', 'warn', `${number(load.leasesLost)} leases ended within an hour without an outcome: workers crashed or ran out of time.`, {view: 'tasks', query: {fingerprint: 'worker-lost', since: '24h'}}, 'See them', 'leases');
}

function cut(text) {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function ofDatabase({load}, add) {
  const running = {view: 'tasks', query: {status: 'processing'}};
  if (load.lockWaitSeconds > LONG_LOCK) {
    const logins = load.blockers.map(({pid, login}) => `pid ${pid} (${login})`).join(', ');
    add('locks', 'bad', `${plural(load.lockWaits, 'database session')} ${load.lockWaits === 1 ? 'waits' : 'wait'} for a lock, since ${duration(load.lockWaitSeconds * 1_000)}: ${logins || 'something'} has locked a table or a row and does not end.`, running, 'See what runs', 'database');
  } else if (load.answerMs > SLOW_ANSWER) {
    add('database', 'warn', `The database takes ${duration(load.answerMs)} to read one row: everything takes longer.`, running, 'See what runs', 'database');
  }
}

function ofOwners({live, busiest}, add) {
  const underWay = live.due + live.scheduled + live.retrying + live.waiting + live.processing;
  if (busiest && busiest.tasks >= Math.max(FLOOD, FLOOD_SHARE * underWay)) add('flood', 'calm', `Owner ${busiest.owner} has ${number(busiest.tasks)} of the ${plural(underWay, 'task')} under way. The others do not wait for them.`, {view: 'tasks', query: {owner: busiest.owner}}, 'See them');
  if (live.parked) add('parked', 'calm', `${plural(live.parked, 'task')} ${live.parked === 1 ? 'is' : 'are'} parked by a flag.`, {view: 'flags'}, 'See the flags');
}
