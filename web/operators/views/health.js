import {useStore} from '../../shared/store.js';
import {html} from '../../shared/vendor/preact.js';
import {hashOf} from '../route.js';
import {freshness} from '../polling.js';
import {clock, duration, failureText, number, percent, plural} from '../texts.js';

/** A task that has been due for longer than this (s) waits for more than its turn. */
export const SLOW = 60;
/** The database takes longer (ms) than this to read one row: everything does. */
export const SLOW_ANSWER = 100;
/** Nothing has ended for longer (s) than this although something has been due for as long. */
const QUIET = 30;
/** Somebody has waited for a lock longer (s) than statements take. */
const LONG_LOCK = 2;
/** The sweeper comes every minute; what has waited for it longer (s) than this waits for one that is not there. */
const LATE_SWEEP = 120;
/** Tasks that failed, ended badly or lost their worker; fewer are a matter of theirs. */
const SEVERAL = 3;
/** Groups of failures that get a line each, and how many characters of their words. */
const WORST = 2;
const WORDS = 120;
/** Live tasks of one owner, and their share of all, from which it is worth a word. */
const FLOOD = 100;
const FLOOD_SHARE = 0.5;

/** What an operator has to do now, in words; the worst first. `at`: when it was read, `error`: why not since. */
export function Health({stats, at, error}) {
  const {paused} = useStore(freshness);
  const wants = alertsOf(stats);
  if (!wants.length) {
    const past = paused || Boolean(error);
    const words = past ? `Nothing needed you at ${clock(at)}; what has been since is not known here.` : calmText(stats);
    return html`<section class="health" data-calm="true" aria-label="What needs you"><p class="health-line"><span class="dot tone-${past ? 'plain' : 'good'}" aria-hidden="true"></span>${words}</p></section>`;
  }
  return html`
    <section class="health" aria-label="What needs you">
      ${wants.map(({key, tone, words, href, action, runbook}) => html`
        <p key=${key} class="health-line" data-alert=${key}><span class="dot tone-${tone}" aria-hidden="true"></span><span>${words}${runbook && html` <span class="runbook" title=${`docs/runbooks/${runbook}.md`}>runbook: ${runbook}</span>`}</span><a class="link" href=${href}>${action}</a></p>`)}
    </section>`;
}

function calmText({live}) {
  if (!live.retrying) return 'Nothing needs you. Work is picked up as it comes and nothing is dead.';
  return `Nothing needs you. ${plural(live.retrying, 'task')} failed and will be tried again; nothing is dead.`;
}

function alertsOf(stats) {
  const wants = [];
  const add = (key, tone, words, route, action, runbook) => wants.push({key, tone, words, href: hashOf(route), action, runbook});
  ofDeaths(stats, add);
  ofWaiting(stats, add);
  ofFailures(stats, add);
  ofDatabase(stats, add);
  ofOwners(stats, add);
  if (!stats.queue || !stats.deadLetterQueue) add('queue', 'bad', 'The queue does not answer. Tasks are safe in the database and are sent again once it does.', {view: 'tasks', query: {state: 'due'}}, 'See what waits');
  return wants;
}

function ofDeaths({live, byType}, add) {
  if (!live.dead) return;
  const worst = [...byType].sort((a, b) => b.dead - a.dead)[0];
  const whose = worst.dead === live.dead ? `, all of type ${worst.type}` : `, most of type ${worst.type}`;
  const words = live.dead === 1 ? `One task used up its attempts, of type ${worst.type}.` : `${number(live.dead)} tasks used up their attempts${whose}.`;
  add('dead', 'bad', words, {view: 'dead-letters'}, 'Look and mend', 'dead-letters');
}

function ofWaiting({live, oldestDueSeconds, recent, window, load}, add) {
  const due = {view: 'tasks', query: {state: 'due'}};
  const quiet = recent.quietSeconds ?? window.seconds;
  if (live.due && Math.min(oldestDueSeconds, quiet) > QUIET) {
    const since = `${recent.quietSeconds === null ? 'more than ' : ''}${duration(quiet * 1_000)}`;
    const running = live.processing ? `${number(live.processing)} ${live.processing === 1 ? 'is' : 'are'} running` : 'none is running';
    add('quiet', 'bad', `Nothing has ended for ${since} while ${plural(live.due, 'task')} ${live.due === 1 ? 'is' : 'are'} due; ${running}.`, due, 'See what waits', 'waiting');
  } else if (oldestDueSeconds > SLOW) {
    add('slow', 'warn', `A task has been due for ${duration(oldestDueSeconds * 1_000)} and nobody runs it: workers are behind, or away.`, due, 'See what waits', 'waiting');
  }
  if (load.sweepLateSeconds > LATE_SWEEP) add('sweeper', 'bad', `The sweeper is late by ${duration(load.sweepLateSeconds * 1_000)}: what was lost is not sent again, retries and schedules wait.`, {view: 'tasks', query: {status: 'pending'}}, 'See what waits', 'sweeper');
}

function ofFailures({live, failing, window, load}, add) {
  const worst = failing.filter(({count}) => count >= SEVERAL).slice(0, WORST);
  for (const {type, count, fingerprint, version, example} of worst) {
    add(`retrying ${type} ${fingerprint} ${version}`, 'warn', `${number(count)} tasks of type ${type} failed and will be tried again: ${cut(failureText(example.error))}`, {view: 'tasks', query: {state: 'retrying', type, fingerprint: fingerprint || '-'}}, 'See them', 'failures');
  }
  if (!worst.length && live.retrying >= SEVERAL) add('retrying', 'warn', `${number(live.retrying)} tasks failed in different ways and will be tried again.`, {view: 'tasks', query: {state: 'retrying'}}, 'See them', 'failures');
  const {failed, 'dead-letter': died} = window.ended;
  if (window.failureRate >= 0.05 && failed + died >= SEVERAL) {
    const status = failed > died ? 'failed' : 'dead-letter';
    add('rate', 'warn', `${percent(window.failureRate)} of what ended in the last ${duration(window.seconds * 1_000)} went wrong: ${number(failed)} refused, ${number(died)} died.`, {view: 'tasks', query: {status, order: 'ended', since: `${window.seconds}s`}}, failed > died ? 'See the refused' : 'See the dead', 'failures');
  }
  if (load.leasesLost >= SEVERAL) add('leases', 'warn', `${number(load.leasesLost)} leases ended within an hour without an outcome: workers died over their tasks, or ran out of time.`, {view: 'tasks', query: {fingerprint: 'worker-lost', since: '24h'}}, 'See who died of it', 'leases');
}

function cut(words) {
  return words.length > WORDS ? `${words.slice(0, WORDS)}…` : words;
}

function ofDatabase({load}, add) {
  const running = {view: 'tasks', query: {status: 'processing'}};
  if (load.lockWaitSeconds > LONG_LOCK) {
    const who = load.blockers.map(({pid, login}) => `pid ${pid} (${login})`).join(', ');
    add('locks', 'bad', `${plural(load.lockWaits, 'database session')} ${load.lockWaits === 1 ? 'waits' : 'wait'} for a lock, since ${duration(load.lockWaitSeconds * 1_000)}: ${who || 'something'} holds a table or a row and does not end.`, running, 'See what runs', 'database');
  } else if (load.answerMs > SLOW_ANSWER) {
    add('database', 'warn', `The database takes ${duration(load.answerMs)} to read one row: everything takes longer.`, running, 'See what runs', 'database');
  }
}

function ofOwners({live, busiest}, add) {
  const underWay = live.due + live.scheduled + live.retrying + live.waiting + live.processing;
  if (busiest && busiest.tasks >= Math.max(FLOOD, FLOOD_SHARE * underWay)) add('flood', 'calm', `Owner ${busiest.owner} has ${number(busiest.tasks)} of the ${plural(underWay, 'task')} under way. The others do not wait for them.`, {view: 'tasks', query: {owner: busiest.owner}}, 'See them');
  if (live.parked) add('parked', 'calm', `${plural(live.parked, 'task')} ${live.parked === 1 ? 'is' : 'are'} parked by a flag.`, {view: 'flags'}, 'See the flags');
}
