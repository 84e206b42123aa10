import {html} from '../../shared/vendor/preact.js';
import {hashOf} from '../route.js';
import {duration, number, percent} from '../texts.js';

const LIVE = [['due', 'Due'], ['scheduled', 'Scheduled'], ['retrying', 'Retrying'], ['waiting', 'Waiting'], ['processing', 'Running'], ['parked', 'Parked'], ['dead', 'Dead letters']];
const ENDS = [['completed', 'Completed'], ['failed', 'Refused'], ['dead-letter', 'Dead letter'], ['cancelled', 'Cancelled']];
const MEANINGS = {scheduled: 'Due later', retrying: 'Failed, will be retried', waiting: 'For a signal, a time or their children', parked: 'By a flag'};
const PACES = [['p50', 'Median', 'half of the tasks were faster'], ['p95', '95 %', '95 of 100 tasks were faster'], ['p99', '99 %', '99 of 100 tasks were faster']];

export function Types({stats}) {
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
                ${LIVE.map(([id, word]) => html`<th key=${id} scope="col" class="num" title=${MEANINGS[id]}>${word}</th>`)}
                ${ENDS.map(([id, word], i) => html`<th key=${id} scope="col" class="num" data-edge=${i === 0}>${word}</th>`)}
                ${PACES.map(([id, word, meaning]) => html`<th key=${id} scope="col" class="num" title=${`From when it could first run to completed: ${meaning}`}>${word}</th>`)}
                <th scope="col" class="share-head">How they ended</th>
              </tr>
            </thead>
            <tbody>${types.map((counts) => html`<${TypeRow} key=${counts.type} counts=${counts} pace=${stats.pace[counts.type]} seconds=${stats.window.seconds} />`)}</tbody>
          </table>
        </div>`}
    </section>`;
}

/** The counts of one type. Each number links to the tasks that it counts. */
function TypeRow({counts, pace, seconds}) {
  const {type} = counts;
  const cell = (id, route) => counts[id] ? html`<a href=${hashOf(route)}>${number(counts[id])}</a>` : html`<span class="zero"><span aria-hidden="true">·</span><span class="visually-hidden">0</span></span>`;
  const living = (id) => (id === 'dead' ? {view: 'dead-letters', query: {type}} : {view: 'tasks', query: {type, state: id}});
  const over = (status) => ({view: 'tasks', query: {type, status, order: 'ended', since: `${seconds}s`}});
  return html`
    <tr>
      <th scope="row"><a data-row href=${hashOf({view: 'tasks', query: {type}})}>${type}</a></th>
      ${LIVE.map(([id]) => html`<td key=${id} class="num" data-bad=${id === 'dead' && counts.dead > 0}>${cell(id, living(id))}</td>`)}
      ${ENDS.map(([id], i) => html`<td key=${id} class="num" data-edge=${i === 0} data-bad=${id === 'dead-letter' && counts[id] > 0}>${cell(id, over(id))}</td>`)}
      ${PACES.map(([id]) => html`<td key=${id} class="num pace">${pace ? duration(pace[id]) : ''}</td>`)}
      <td><${Share} counts=${counts} /></td>
    </tr>`;
}

function Share({counts}) {
  const ended = ENDS.reduce((sum, [id]) => sum + counts[id], 0);
  if (!ended) return html`<span class="zero">nothing ended</span>`;
  const bad = counts['dead-letter'];
  const text = bad ? `${percent(bad / (ended - counts.cancelled))} failed` : counts.failed ? `${percent(counts.failed / (ended - counts.cancelled))} refused` : counts.completed ? 'all completed' : 'cancelled';
  return html`
    <span class="share">
      <span class="share-bar" aria-hidden="true">${ENDS.map(([id]) => counts[id] > 0 && html`<span key=${id} data-end=${id} style=${`flex-grow: ${counts[id]}`}></span>`)}</span>
      <span class="share-text">${text}</span>
    </span>`;
}
