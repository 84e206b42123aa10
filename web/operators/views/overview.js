import {html} from '../../shared/vendor/preact.js';
import {RANGES, useCurves, useHistory} from '../history.js';
import {Bars} from '../components/bars.js';
import {Curve} from '../components/figures.js';
import {go, hashOf} from '../route.js';
import {auditText, clock, duration, errorText, number, percent, plural, rate} from '../texts.js';
import {Failing, Workers} from './panels.js';
import {Types} from './types.js';
import {SLOW, SLOW_ANSWER, Health} from './health.js';

/** Number of changes listed below the bars; the bars mark all of them. */
const MOST_SHOWN = 4;

export function Overview({route: {query}, stats: {value: stats, error, at, again}}) {
  const range = RANGES[query.range] ?? RANGES[1];
  const history = useHistory(range);
  const points = useCurves(range, history);
  if (!stats) return html`<${Opening} error=${error} again=${again} />`;
  const marks = (history?.actions ?? []).filter(({detail}) => detail.step !== 'begun').map((action) => ({id: action.id, at: Date.parse(action.at), actor: action.actor, text: auditText(action)}));
  return html`
    <div class="head">
      <h1>Overview</h1>
      <${Ranges} chosen=${range} query=${query} />
    </div>
    <${Health} stats=${stats} at=${at} error=${error} />
    <${Figures} stats=${stats} curve=${{points, now: Date.parse(stats.at), span: range.ms, marks}} />
    <${Ended} key=${range.word} stats=${stats} range=${range} all=${history} marks=${marks} query=${query} />
    <${Types} stats=${stats} />
    <div class="pair"><${Failing} groups=${stats.failing} total=${stats.live.retrying} /><${Workers} workers=${stats.workers} total=${stats.live.processing} lost=${stats.load.leasesLost} /></div>`;
}

function Opening({error, again}) {
  return html`
    <div class="head"><h1>Overview</h1></div>
    ${error
      ? html`<div class="notice tone-bad"><p>${errorText(error)}</p><button type="button" class="button quiet" onClick=${again}>Try again</button></div>`
      : html`<div class="figures" aria-busy="true" aria-label="Loading">${Array.from({length: 6}, (_, i) => html`<span key=${i} class="figure skeleton"></span>`)}</div>`}`;
}

function Ranges({chosen, query}) {
  return html`
    <div class="segments small" role="group" aria-label="How far back curves and bars reach">
      ${Object.entries(RANGES).sort((a, b) => a[1].ms - b[1].ms).map(([id, range]) => html`
        <button key=${id} type="button" aria-pressed=${range === chosen} onClick=${() => go({view: 'overview', query: {...query, range: id}})}>${range.word}</button>`)}
    </div>`;
}

function Figures({stats, curve}) {
  const {live, window, recent, queue, deadLetterQueue: dlq, load, paceOfAll: pace} = stats;
  const asMs = (seconds) => duration(seconds * 1_000);
  const figure = (name, label, value, more, tone = 'calm', /** @type {{unit?: string, format?: (value: number) => string}} */ {unit, format} = {}) => html`
    <${Figure} key=${name} name=${name} label=${label} value=${value} unit=${unit} more=${more} tone=${tone} format=${format} curve=${curve} />`;
  return html`
    <section class="figures" aria-label="Figures">
      ${figure('perSecond', 'Throughput', rate(recent.perSecond), `${number(recent.ended)} ended in the last minute, ${number(window.ended.completed)} completed in the last ${asMs(window.seconds)}`, 'good', {unit: '/ s', format: rate})}
      ${figure('failureRate', 'Failure rate', percent(window.failureRate), `${plural(window.ended['dead-letter'], 'dead letter')} in the last ${asMs(window.seconds)}; ${number(window.ended.failed)} refused, which is no failure`, window.failureRate >= 0.05 ? 'bad' : 'calm', {format: percent})}
      ${figure('due', 'Queue depth', number(live.due), queue ? `SQS: ${number(queue.waiting)} waiting, ${number(queue.inFlight)} in flight, ${number(queue.delayed)} delayed` : 'SQS does not answer', 'calm', {unit: 'due'})}
      ${figure('processing', 'In flight', number(live.processing), `${number(live.scheduled)} scheduled, ${number(live.parked)} parked, ${number(live.waiting)} wait for children`, 'busy', {unit: 'running'})}
      ${figure('oldest', 'Oldest due', live.due ? asMs(stats.oldestDueSeconds) : '0 s', live.due ? 'since it could have run' : 'nothing waits', stats.oldestDueSeconds > SLOW ? 'bad' : 'calm', {format: asMs})}
      ${figure('dead', 'Dead letters', number(live.dead), dlq ? `${number(dlq.waiting + dlq.inFlight)} in the dead-letter queue` : 'its queue does not answer', live.dead ? 'bad' : 'calm')}
    </section>
    <section class="figures lesser" aria-label="More figures">
      ${figure('submitted', 'Submitted', rate(recent.submittedPerSecond), `${number(recent.submitted)} in the last minute`, 'calm', {unit: '/ s', format: rate})}
      ${figure('retrying', 'Retrying', number(live.retrying), live.retrying ? 'failed, wait for their next attempt' : 'nothing waits for another attempt', live.retrying ? 'warn' : 'calm')}
      ${figure('wait', 'Queue wait p95', pace?.waitP95 == null ? '–' : duration(pace.waitP95), 'from due to claimed', 'calm', {format: duration})}
      ${figure('took', 'Total time p95', pace ? duration(pace.p95) : '–', pace ? `p50 ${duration(pace.p50)}, p99 ${duration(pace.p99)}` : 'nothing completed lately', 'calm', {format: duration})}
      ${figure('sockets', 'Open sockets', number(load.sockets), 'open browser connections')}
      ${figure('connections', 'Connections', number(load.connections), `to Postgres, which reads a row in ${load.answerMs < 1 ? 'less than 1 ms' : duration(load.answerMs)}`, load.answerMs > SLOW_ANSWER ? 'bad' : 'calm')}
    </section>`;
}

function Figure({name, label, value, unit, more, tone, format = number, curve}) {
  return html`
    <div class="figure tone-${tone}" data-figure=${name}>
      <p class="figure-label">${label}</p>
      <p class="figure-value">${value}${unit && html` <span class="figure-unit">${unit}</span>`}</p>
      <p class="figure-more">${more}</p>
      <${Curve} name=${name} format=${format} ...${curve} />
    </div>`;
}

/** The bars of the range. The shortest range uses the server's finest steps; a type selects from the stored minutes. */
function Ended({stats, range, all, marks, query}) {
  const type = range === RANGES.live ? '' : query.of ?? '';
  const narrowed = useHistory(range, type);
  const types = [...new Set([...stats.byType.map((counts) => counts.type), type].filter(Boolean))];
  return html`
    <section class="panel" aria-labelledby="ended-title">
      <div class="panel-head">
        <h2 id="ended-title">Ended tasks</h2>
        <p class="legend"><span class="key key-good"></span>completed<span class="key key-refused"></span>refused<span class="key key-bad"></span>dead letters<span class="key key-off"></span>cancelled</p>
        ${range !== RANGES.live && types.length > 0 && html`
          <label class="inline-field"><span>Type</span>
            <select value=${type} onChange=${(event) => go({view: 'overview', query: {...query, of: event.target.value}})}>
              <option value="">All types</option>
              ${types.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
            </select>
          </label>`}
      </div>
      <${Bars} ...${barsOf(stats, range, type ? narrowed : all, type)} now=${Date.parse(stats.at)} marks=${marks} />
      <${Changes} marks=${marks} />
    </section>`;
}

function barsOf({series, window}, range, history, type) {
  if (range === RANGES.live) return {...series, span: window.seconds * 1_000, whole: true};
  const {points, stepSeconds} = history ?? {points: [], stepSeconds: 60};
  return {points: stepSeconds > 60 || type ? points : [...points, ...sinceThen(points, series)], stepSeconds, span: range.ms};
}

/** Return the minutes that are not stored yet, summed from the finer steps. */
function sinceThen(points, series) {
  const kept = points.length ? Date.parse(points.at(-1).at) + 60_000 : 0;
  const minutes = new Map();
  for (const {at, ended, bad, refused, cancelled} of series.points) {
    const minute = Math.floor(Date.parse(at) / 60_000) * 60_000;
    if (minute < kept) continue;
    const sum = minutes.get(minute) ?? {at: new Date(minute).toISOString(), ended: 0, bad: 0, refused: 0, cancelled: 0};
    minutes.set(minute, {...sum, ended: sum.ended + ended, bad: sum.bad + bad, refused: sum.refused + refused, cancelled: sum.cancelled + cancelled});
  }
  return [...minutes.values()];
}

/** The changes that operators made in the visible time, newest first. */
function Changes({marks}) {
  if (!marks.length) return null;
  return html`
    <ul class="changes" aria-label="Changes in this time">
      ${marks.slice(0, MOST_SHOWN).map(({id, at, actor, text}) => html`<li key=${id}><time class="faint">${clock(at)}</time><span>${text}</span><span class="faint">${actor}</span></li>`)}
      ${marks.length > MOST_SHOWN && html`<li><a class="link" href=${hashOf({view: 'audit'})}>${plural(marks.length - MOST_SHOWN, 'more change')} in the audit</a></li>`}
    </ul>`;
}
