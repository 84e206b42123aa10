import {useStore} from '../../store.js';
import {html} from '../../vendor/preact.js';
import {history} from '../history.js';
import {Bars} from '../parts/bars.js';
import {Curve} from '../parts/figures.js';
import {hashOf} from '../place.js';
import {duration, faultWords, number, percent, plural, rate} from '../words.js';

/** A task that has been due for longer than this (s) waits for more than its turn. */
const SLOW = 60;
/** The database takes longer (ms) than this for one answer: everything does. */
const SLOW_ANSWER = 200;
/** Somebody has waited for a lock longer (s) than statements take. */
const LONG_LOCK = 2;
/** The sweeper comes every minute; what has waited for it longer (s) than this waits for one that is not there. */
const LATE_SWEEP = 120;

/** Live tasks of one owner, and their share of all, from which it is worth a word. */
const FLOOD = 100;
const FLOOD_SHARE = 0.5;

export function Overview({stats: {value: stats, error, again}}) {
  if (!stats) return html`<${Opening} error=${error} again=${again} />`;
  return html`
    <div class="head"><h1>Overview</h1><p class="head-note">Ends and rates: the last ${duration(stats.window.seconds * 1_000)}. Curves: up to 15 min.</p></div>
    <${Verdict} stats=${stats} />
    <${Figures} stats=${stats} />
    <${Ended} stats=${stats} />
    <${Types} stats=${stats} />`;
}

function Opening({error, again}) {
  return html`
    <div class="head"><h1>Overview</h1></div>
    ${error
      ? html`<div class="notice tone-bad"><p>${faultWords(error)}</p><button type="button" class="button quiet" onClick=${again}>Try again</button></div>`
      : html`<div class="figures" aria-busy="true" aria-label="Loading">${Array.from({length: 6}, (_, i) => html`<span key=${i} class="figure skeleton"></span>`)}</div>`}`;
}

/** What an operator has to do now, in words; the worst first. */
function Verdict({stats}) {
  const wants = wantsOf(stats);
  if (!wants.length) {
    return html`<section class="verdict" data-calm="true" aria-label="What needs you"><p class="verdict-line"><span class="dot tone-good" aria-hidden="true"></span>Nothing needs you. Work is picked up as it comes and nothing has died.</p></section>`;
  }
  return html`
    <section class="verdict" aria-label="What needs you">
      ${wants.map(({key, tone, words, href, action}) => html`
        <p key=${key} class="verdict-line"><span class="dot tone-${tone}" aria-hidden="true"></span><span>${words}</span><a class="link" href=${href}>${action}</a></p>`)}
    </section>`;
}

function wantsOf({live, oldestDueSeconds, window, queue, deadLetterQueue, byType, load, busiest}) {
  const wants = [];
  const add = (key, tone, words, place, action) => wants.push({key, tone, words, href: hashOf(place), action});
  if (live.dead) {
    const worst = [...byType].sort((a, b) => b.dead - a.dead)[0];
    const whose = worst.dead === live.dead ? `, all of type ${worst.type}` : `, most of type ${worst.type}`;
    const many = live.dead === 1 ? 'One task used up its attempts' : `${number(live.dead)} tasks used up their attempts`;
    add('dead', 'bad', `${many}${live.dead === 1 ? `, of type ${worst.type}` : whose}.`, {view: 'dead-letters'}, 'Look and mend');
  }
  if (oldestDueSeconds > SLOW) {
    add('slow', 'warn', `A task has been due for ${duration(oldestDueSeconds * 1_000)} and nobody runs it: workers are behind, or away.`, {view: 'tasks', query: {status: 'pending'}}, 'See what waits');
  }
  if (window.failureRate >= 0.05 && window.ended.failed + window.ended['dead-letter'] >= 3) {
    add('rate', 'warn', `${percent(window.failureRate)} of what ended lately went wrong.`, {view: 'tasks', query: {status: 'failed'}}, 'See the refused');
  }
  if (load.lockWaitSeconds > LONG_LOCK) add('locks', 'bad', `${plural(load.lockWaits, 'database session')} ${load.lockWaits === 1 ? 'waits' : 'wait'} for a lock, since ${duration(load.lockWaitSeconds * 1_000)}: something holds a table or a row and does not end.`, {view: 'tasks', query: {status: 'processing'}}, 'See what runs');
  else if (load.answerMs > SLOW_ANSWER) add('database', 'warn', `The database takes ${duration(load.answerMs)} for one answer: everything takes longer.`, {view: 'tasks', query: {status: 'processing'}}, 'See what runs');
  if (load.sweepLateSeconds > LATE_SWEEP) add('sweeper', 'bad', `The sweeper is late by ${duration(load.sweepLateSeconds * 1_000)}: what was lost is not sent again, retries and schedules wait.`, {view: 'tasks', query: {status: 'pending'}}, 'See what waits');
  const underWay = live.due + live.scheduled + live.processing;
  if (busiest && busiest.tasks >= Math.max(FLOOD, FLOOD_SHARE * underWay)) add('flood', 'calm', `Owner ${busiest.owner} has ${number(busiest.tasks)} of the ${plural(underWay, 'task')} under way. The others do not wait for them.`, {view: 'tasks', query: {owner: busiest.owner}}, 'See them');
  if (live.parked) add('parked', 'calm', `${plural(live.parked, 'task')} ${live.parked === 1 ? 'is' : 'are'} parked by a flag.`, {view: 'flags'}, 'See the flags');
  if (!queue || !deadLetterQueue) add('queue', 'bad', 'The queue does not answer. Tasks are safe in the database and are sent again once it does.', {view: 'tasks', query: {status: 'pending'}}, 'See what waits');
  return wants;
}

function Figures({stats}) {
  const points = useStore(history);
  const {live, window, queue, deadLetterQueue: dlq} = stats;
  return html`
    <section class="figures" aria-label="Figures">
      <${Figure} name="perSecond" label="Throughput" value=${rate(window.perSecond)} unit="/ s" tone="good" points=${points} words=${rate}
        more=${`${number(Object.values(window.ended).reduce((a, b) => a + b))} ended, ${number(window.ended.completed)} completed`} />
      <${Figure} name="failureRate" label="Failure rate" value=${percent(window.failureRate)} tone=${window.failureRate >= 0.05 ? 'bad' : 'calm'} points=${points} words=${percent}
        more=${`${number(window.ended.failed)} refused, ${number(window.ended['dead-letter'])} died`} />
      <${Figure} name="waiting" label="Queue depth" value=${number(live.due)} unit="due" tone="calm" points=${points}
        more=${queue ? `SQS: ${number(queue.waiting)} waiting, ${number(queue.inFlight)} in flight, ${number(queue.delayed)} delayed` : 'SQS does not answer'} />
      <${Figure} name="processing" label="In flight" value=${number(live.processing)} unit="running" tone="busy" points=${points}
        more=${`${number(live.scheduled)} scheduled, ${number(live.parked)} parked`} />
      <${Figure} name="oldest" label="Oldest due" value=${live.due ? duration(stats.oldestDueSeconds * 1_000) : '0 s'} tone=${stats.oldestDueSeconds > SLOW ? 'bad' : 'calm'} points=${points} words=${(seconds) => duration(seconds * 1_000)}
        more=${live.due ? 'since it could have run' : 'nothing waits'} />
      <${Figure} name="dead" label="Dead letters" value=${number(live.dead)} tone=${live.dead ? 'bad' : 'calm'} points=${points}
        more=${dlq ? `${number(dlq.waiting + dlq.inFlight)} in the dead-letter queue` : 'its queue does not answer'} />
    </section>`;
}

function Ended({stats: {series, window, load}}) {
  return html`
    <section class="panel" aria-labelledby="ended-title">
      <div class="panel-head">
        <h2 id="ended-title">What ended</h2>
        <p class="legend"><span class="key key-good"></span>well<span class="key key-bad"></span>refused or died<span class="legend-load">${plural(load.sockets, 'open socket')}, ${plural(load.connections, 'database connection')}, an answer in ${duration(load.answerMs)}</span></p>
      </div>
      <${Bars} series=${series} seconds=${window.seconds} />
    </section>`;
}

function Figure({name, label, value, unit, more, tone, points, words = number}) {
  return html`
    <div class="figure tone-${tone}" data-figure=${name}>
      <p class="figure-label">${label}</p>
      <p class="figure-value">${value}${unit && html` <span class="figure-unit">${unit}</span>`}</p>
      <p class="figure-more">${more}</p>
      <${Curve} points=${points} name=${name} words=${words} />
    </div>`;
}

const LIVE = [['due', 'Due'], ['scheduled', 'Scheduled'], ['processing', 'Running'], ['parked', 'Parked'], ['dead', 'Dead']];
const ENDS = [['completed', 'Completed'], ['failed', 'Refused'], ['dead-letter', 'Died'], ['cancelled', 'Cancelled']];

function Types({stats}) {
  const types = stats.byType;
  return html`
    <section class="panel" aria-labelledby="types-title">
      <div class="panel-head"><h2 id="types-title">By type</h2><p class="head-note">${types.length ? 'Now on the left, the last five minutes on the right.' : ''}</p></div>
      ${types.length === 0
        ? html`<p class="quiet-line">No task is live and none has ended lately. Types appear here as soon as one does.</p>`
        : html`
        <div class="scroller" tabindex="0" role="group" aria-label="Table of types">
          <table class="table types">
            <thead>
              <tr>
                <th scope="col">Type</th>
                ${LIVE.map(([id, word]) => html`<th key=${id} scope="col" class="num">${word}</th>`)}
                ${ENDS.map(([id, word], i) => html`<th key=${id} scope="col" class="num" data-edge=${i === 0}>${word}</th>`)}
                <th scope="col" class="num" title="From submit to completed: half of the tasks were faster">Median</th>
                <th scope="col" class="num" title="From submit to completed: 95 of 100 tasks were faster">95 %</th>
                <th scope="col" class="share-head">How they ended</th>
              </tr>
            </thead>
            <tbody>${types.map((counts) => html`<${TypeRow} key=${counts.type} counts=${counts} pace=${stats.pace[counts.type]} />`)}</tbody>
          </table>
        </div>`}
    </section>`;
}

const STATUS_OF = {due: 'pending', scheduled: 'pending', processing: 'processing', parked: 'pending', failed: 'failed', completed: 'completed', cancelled: 'cancelled'};

function TypeRow({counts, pace}) {
  const {type} = counts;
  const cell = (id) => {
    const place = id === 'dead' || id === 'dead-letter' ? {view: 'dead-letters', query: {type}} : {view: 'tasks', query: {type, status: STATUS_OF[id]}};
    return counts[id] ? html`<a href=${hashOf(place)}>${number(counts[id])}</a>` : html`<span class="zero"><span aria-hidden="true">·</span><span class="visually-hidden">0</span></span>`;
  };
  return html`
    <tr>
      <th scope="row"><a data-row href=${hashOf({view: 'tasks', query: {type}})}>${type}</a></th>
      ${LIVE.map(([id]) => html`<td key=${id} class="num" data-bad=${id === 'dead' && counts.dead > 0}>${cell(id)}</td>`)}
      ${ENDS.map(([id], i) => html`<td key=${id} class="num" data-edge=${i === 0} data-bad=${id === 'dead-letter' && counts[id] > 0}>${cell(id)}</td>`)}
      ${['p50', 'p95'].map((name) => html`<td key=${name} class="num pace">${pace ? duration(pace[name]) : ''}</td>`)}
      <td><${Share} counts=${counts} /></td>
    </tr>`;
}

function Share({counts}) {
  const ended = ENDS.reduce((sum, [id]) => sum + counts[id], 0);
  if (!ended) return html`<span class="zero">nothing ended</span>`;
  const bad = counts.failed + counts['dead-letter'];
  const words = bad ? `${percent(bad / ended)} went wrong` : counts.completed ? 'all well' : 'cancelled';
  return html`
    <span class="share">
      <span class="share-bar" aria-hidden="true">${ENDS.map(([id]) => counts[id] > 0 && html`<span key=${id} data-end=${id} style=${`flex-grow: ${counts[id]}`}></span>`)}</span>
      <span class="share-words">${words}</span>
    </span>`;
}
