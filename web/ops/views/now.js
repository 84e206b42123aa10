import {html, useEffect, useState} from '../../vendor/preact.js';
import {Loaded} from '../../parts/parts.js';
import {Bars, Spark} from '../parts/charts.js';
import {useLive} from '../parts/live.js';
import {duration, number} from '../parts/words.js';

const EVERY = 2_000;
const KEPT = 90;

/** The system at a glance: is it well, and if not, where to look. */
export function Now() {
  const state = useLive('/ops/stats', EVERY);
  const seen = useSeen(state);
  return html`
    <div class="ops-head">
      <h1>Now</h1>
      <p class="ops-fresh" data-stale=${Boolean(state.error)}>${state.error ? `Not reached: ${state.error.message}` : 'Live, every two seconds'}</p>
    </div>
    <${Loaded} state=${state} rows=${4} retry=${state.look}>${(stats) => html`<${Figures} stats=${stats} seen=${seen} />`}<//>`;
}

function Figures({stats, seen}) {
  const {live, window: ended, queue, deadLetterQueue} = stats;
  const late = stats.oldestDueSeconds > 180;
  const failing = ended.failureRate > 0.05;
  return html`
    <ul class="tiles">
      <${Tile} label="Tasks a second" value=${ended.perSecond.toFixed(ended.perSecond < 10 ? 2 : 0)} trail=${seen.perSecond} note="over five minutes" />
      <${Tile} label="Failures" value=${`${(ended.failureRate * 100).toFixed(1)} %`} tone=${failing ? 'bad' : 'good'} trail=${seen.failureRate} note="refused or dead, of what ended" href="#/tasks?status=failed" />
      <${Tile} label="Oldest due" value=${duration(stats.oldestDueSeconds)} tone=${late ? 'bad' : 'good'} trail=${seen.oldest} note=${late ? 'something holds it up' : 'waits to be run'} href="#/tasks?status=pending" />
      <${Tile} label="Due" value=${number(live.due)} trail=${seen.due} note=${queue ? `${number(queue.waiting)} waiting, ${number(queue.inFlight)} in flight in the queue` : 'the queue does not answer'} tone=${queue ? undefined : 'bad'} />
      <${Tile} label="Running" value=${number(live.processing)} trail=${seen.processing} note=${`${number(live.scheduled)} scheduled for later`} href="#/tasks?status=processing" />
      <${Tile} label="Parked" value=${number(live.parked)} tone=${live.parked ? 'busy' : undefined} trail=${seen.parked} note="held by flags that are off" href="#/flags" />
      <${Tile} label="Dead letters" value=${number(live.dead)} tone=${live.dead ? 'bad' : 'good'} trail=${seen.dead} note=${deadLetterQueue ? `${number(deadLetterQueue.waiting)} messages in the queue` : 'the queue does not answer'} href="#/dead-letters" />
      <${Tile} label="Sockets" value=${number(stats.load.sockets)} trail=${seen.sockets} note=${`${number(stats.load.connections)} database connections`} />
    </ul>
    <section class="card panel" aria-labelledby="ended"><h2 id="ended">What ended</h2><${Bars} series=${stats.series} seconds=${ended.seconds} /></section>
    <section class="card panel" aria-labelledby="types">
      <h2 id="types">By type</h2>
      ${stats.byType.length === 0 ? html`<p class="eyebrow">Nothing is live, and nothing has ended in five minutes.</p>` : html`<${Types} stats=${stats} />`}
    </section>`;
}

function Tile({label, value, note, tone, trail, href}) {
  const inside = html`
    <span class="tile-label">${label}</span><span class="tile-value">${value}</span>
    <${Spark} values=${trail} label=${`${label} since the page was opened`} /><span class="tile-note">${note}</span>`;
  return html`<li class="tile card ${tone ? `tone-${tone}` : ''}">${href ? html`<a href=${href}>${inside}</a>` : html`<div>${inside}</div>`}</li>`;
}

function Types({stats}) {
  const columns = ['due', 'scheduled', 'processing', 'parked', 'dead', 'completed', 'failed', 'dead-letter', 'cancelled'];
  const titles = {processing: 'running', dead: 'dead letters', 'dead-letter': 'died'};
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Tasks by type">
      <table>
        <thead>
          <tr><td></td><th colspan="5" scope="colgroup">live</th><th colspan="4" scope="colgroup">ended in five minutes</th><th colspan="2" scope="colgroup">submit to completed</th></tr>
          <tr><th scope="col">type</th>${columns.map((name) => html`<th key=${name} scope="col" class="num">${titles[name] ?? name}</th>`)}<th scope="col" class="num">half</th><th scope="col" class="num">95 %</th></tr>
        </thead>
        <tbody>
          ${stats.byType.map((row) => html`
            <tr key=${row.type}>
              <th scope="row"><a href=${`#/tasks?type=${row.type}`}>${row.type}</a></th>
              ${columns.map((name) => html`<td key=${name} class=${`num ${row[name] ? '' : 'none'} ${row[name] && ['dead', 'dead-letter', 'failed'].includes(name) ? 'bad' : ''}`}>${number(row[name])}</td>`)}
              ${['p50', 'p95'].map((name) => html`<td key=${name} class="num">${stats.pace[row.type] ? duration(stats.pace[row.type][name] / 1000) : ''}</td>`)}
            </tr>`)}
        </tbody>
      </table>
    </div>`;
}

/** What the figures were since the page was opened. */
function useSeen({value, at}) {
  const [seen, setSeen] = useState({perSecond: [], failureRate: [], oldest: [], due: [], processing: [], parked: [], dead: [], sockets: []});
  useEffect(() => {
    if (!value) return;
    const now = {
      perSecond: value.window.perSecond,
      failureRate: value.window.failureRate,
      oldest: value.oldestDueSeconds,
      due: value.live.due,
      processing: value.live.processing,
      parked: value.live.parked,
      dead: value.live.dead,
      sockets: value.load.sockets,
    };
    setSeen((before) => Object.fromEntries(Object.entries(now).map(([name, figure]) => [name, [...before[name].slice(1 - KEPT), figure]])));
  }, [at]);
  return seen;
}
