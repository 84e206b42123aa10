import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {go} from '../route.js';
import {STATUS} from '../texts.js';

const HEX = /^[0-9a-f]{32}$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No task id was made before this time (ms). */
const FIRST_ID = Date.UTC(2020, 0, 1);
const DAY = 86_400_000;

const STATES = {due: 'Due', scheduled: 'Scheduled', retrying: 'Retrying', waiting: 'Waiting for children', parked: 'Parked'};
const SPANS = {'5m': '5 minutes', '15m': '15 minutes', '1h': 'hour', '24h': '24 hours', '7d': '7 days'};
/** Statuses of tasks that are not over. */
const LIVING = ['pending', 'processing'];

/** The filters of the task list. The page's address contains all of them. */
export function Filters({query, types}) {
  const set = (changed) => go({view: 'tasks', query: {...query, ...changed}});
  const byEnd = query.order === 'ended';
  const choose = (status) => set({status, state: '', ...(byEnd && LIVING.includes(status) ? {order: '', since: '', until: ''} : {})});
  const status = query.status || (query.state && 'pending') || '';
  return html`
    <div class="filters">
      <div class="segments small" role="group" aria-label="Status">
        <button type="button" aria-pressed=${!status} onClick=${() => choose('')}>All</button>
        ${Object.entries(STATUS).map(([id, {word}]) => html`
          <button key=${id} type="button" aria-pressed=${status === id} onClick=${() => choose(id)}>${word}</button>`)}
      </div>
      ${status === 'pending' && html`
        <label class="inline-field"><span>Which</span>
          <select value=${query.state ?? ''} onChange=${(event) => set({status: 'pending', state: event.target.value})}>
            <option value="">All pending</option>
            ${Object.entries(STATES).map(([id, word]) => html`<option key=${id} value=${id}>${word}</option>`)}
          </select>
        </label>`}
      <label class="inline-field"><span>Type</span>
        <select value=${query.type ?? ''} onChange=${(event) => set({type: event.target.value})}>
          <option value="">All types</option>
          ${types.map((type) => html`<option key=${type} value=${type}>${type}</option>`)}
        </select>
      </label>
      <${When} query=${query} set=${set} status=${status} />
      <${Search} query=${query} set=${set} />
      ${query.fingerprint && html`<p class="narrowed">Only failure <strong class="mono">${query.fingerprint}</strong>. <button type="button" class="link" onClick=${() => set({fingerprint: ''})}>Show all</button></p>`}
    </div>`;
}

/** The time range, by submit or by end; it also decides the order. */
function When({query, set, status}) {
  const {order = '', since = '', until = ''} = query;
  const value = `${order} ${since}`;
  const choose = (event) => {
    const [by, from] = event.target.value.split(' ');
    set({order: by, since: from, until: '', ...(by && LIVING.includes(status) ? {status: '', state: ''} : {})});
  };
  const usual = (!since || SPANS[since]) && !until;
  const spans = (by, word) => Object.entries(SPANS).map(([span, text]) => html`<option key=${span} value=${`${by} ${span}`}>${`${word} within ${SPANS[span] === 'hour' ? 'the' : 'the last'} ${text}`}</option>`);
  return html`
    <label class="inline-field"><span>When</span>
      <select value=${usual ? value : 'given'} onChange=${choose}>
        <option value=" ">Any time</option>
        ${!usual && html`<option value="given">${`${order ? 'Ended' : 'Submitted'}${since ? ` since ${since}` : ''}${until ? ` until ${until}` : ''}`}</option>`}
        <optgroup label="Newest first">${spans('', 'Submitted')}</optgroup>
        <optgroup label="Last to end first"><option value="ended ">Ended at any time</option>${spans('ended', 'Ended')}</optgroup>
      </select>
    </label>`;
}

/** One search field for an id, a trace, a type, an owner or the text of an error. */
function Search({query, set}) {
  const given = query.trace || query.owner || '';
  const [wanted, setWanted] = useState(given);
  useEffect(() => setWanted(given), [given]);
  const search = (event) => {
    event.preventDefault();
    const text = wanted.trim();
    const id = idIn(text.toLowerCase());
    if (id) go({view: 'tasks', id, query: {...query, owner: '', trace: ''}});
    else if (HEX.test(text.toLowerCase())) set({owner: '', trace: text.toLowerCase()});
    else set({owner: text, trace: ''});
  };
  return html`
    <form class="search" role="search" onSubmit=${search}>
      <label class="inline-field"><span>Owner, task or trace</span>
        <input data-search type="search" value=${wanted} placeholder="5, a whole id, or a reference" autocomplete="off" spellcheck=${false} maxlength="128"
          onInput=${(event) => setWanted(event.target.value)} onSearch=${(event) => event.target.value === '' && given && set({owner: '', trace: ''})} />
      </label>
    </form>`;
}

/** Return the task id in a text, or null. Of 32 digits only a UUID version 7 with a time in the past counts as one; others are traces. */
export function idIn(text) {
  if (ID.test(text)) return text;
  if (!HEX.test(text) || text[12] !== '7') return null;
  const made = parseInt(text.slice(0, 12), 16);
  if (made < FIRST_ID || made > Date.now() + DAY) return null;
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
