import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {Icon} from '../../shared/components/icons.js';
import {go} from '../route.js';
import {call, withQuery} from '../session.js';
import {STATUS} from '../texts.js';

const HEX = /^[0-9a-f]{32}$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No task id was made before this time (ms). */
const FIRST_ID = Date.UTC(2020, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

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
      <${Search} query=${query} set=${set} types=${types} />
      <${Chips} query=${query} set=${set} />
    </div>`;
}

/** The filters that the search field understood, each with a button that removes it. */
function Chips({query, set}) {
  const chips = Object.entries(SEARCHES).filter(([name]) => query[name]).map(([name, text]) => ({name, text: text(query[name], query)}));
  if (!chips.length) return null;
  const remove = (name) => set({[name]: '', ...(name === 'owner' ? {ownerName: ''} : {}), ...(name === 'error' && query.since === ERROR_SPAN ? {since: ''} : {})});
  return html`
    <ul class="chips" aria-label="Active filters">
      ${chips.map(({name, text}) => html`<li key=${name} class="filter-chip">${text}<button type="button" aria-label=${`Remove the filter: ${text}`} onClick=${() => remove(name)}><${Icon} name="cross" size="14" /></button></li>`)}
    </ul>`;
}

/** Return an absolute moment as a datetime-local field writes it; a relative one such as `300s` is empty. */
export function asLocal(moment) {
  const date = new Date(moment);
  if (!moment || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Return the moment of a datetime-local field; an empty one removes the bound. */
export function asMoment(text) {
  return text ? new Date(text).toISOString() : '';
}

/** The time range, by submit or by end; it also decides the order. */
function When({query, set, status}) {
  const {order = '', since = '', until = ''} = query;
  const value = `${order} ${since}`;
  const choose = (event) => {
    if (event.target.value === 'between') return set({since: new Date(Date.now() - HOUR).toISOString(), until: new Date().toISOString()});
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
        <option value="between">Between two moments…</option>
        <optgroup label="Last to end first"><option value="ended ">Ended at any time</option>${spans('ended', 'Ended')}</optgroup>
      </select>
    </label>
    ${!usual && html`
      <label class="inline-field"><span>From</span><input type="datetime-local" value=${asLocal(since)} onChange=${(event) => set({since: asMoment(event.target.value)})} /></label>
      <label class="inline-field"><span>To</span><input type="datetime-local" value=${asLocal(until)} onChange=${(event) => set({until: asMoment(event.target.value)})} /></label>`}`;
}

/** The filters that the search field can set, and how each is said. */
const SEARCHES = {
  owner: (owner, {ownerName}) => (ownerName ? `owner: ${ownerName} (${owner})` : `owner: ${owner}`),
  trace: (trace) => `trace: ${trace}`,
  idEnds: (end) => `id ends with ${end}`,
  error: (text) => `error contains “${text}”`,
  fingerprint: (fingerprint) => `failure: ${fingerprint}`,
};
const NOTHING = {owner: '', ownerName: '', trace: '', idEnds: '', error: ''};
/** The text of errors is searched within this time, unless another one is chosen. */
const ERROR_SPAN = '24h';
const ID_END = /^[0-9a-f]{4,12}$/;
/** Pause after the last key before the page searches for names (ms). */
const PAUSE = 200;

/**
 * Return how a text can be understood, the most likely way first: `{label, query}` or `{label, id}`.
 * @param {string} typed
 * @param {string[]} types known task types
 * @param {{owner: string, name: string}[]} owners accounts whose name begins with the text
 * @returns {{label: string, id?: string, query?: Record<string, string>}[]}
 */
export function meaningsOf(typed, types, owners = []) {
  const text = typed.trim();
  const lower = text.toLowerCase();
  if (!text) return [];
  const id = idIn(lower);
  if (id) return [{label: `task ${id}`, id}];
  if (HEX.test(lower)) return [{label: `trace: ${lower}`, query: {trace: lower}}];
  const found = [];
  for (const type of types) if (type.toLowerCase() === lower) found.unshift({label: `type: ${type}`, query: {type}});
    else if (type.toLowerCase().includes(lower)) found.push({label: `type: ${type}`, query: {type}});
  for (const {owner, name} of owners) found.push({label: `owner: ${name} (${owner})`, query: {owner, ownerName: name}});
  if (ID_END.test(lower) && lower.length > 5) found.unshift({label: `id ends with ${lower}`, query: {idEnds: lower}});
  else if (ID_END.test(lower)) found.push({label: `id ends with ${lower}`, query: {idEnds: lower}});
  if (/^\d+$/.test(text) && text.length <= 7) found.unshift({label: `owner: ${text}`, query: {owner: text}});
  else if (/^\S+$/.test(text)) found.push({label: `owner: ${text}`, query: {owner: text}});
  const error = {label: `error contains “${text}”`, query: {error: text, since: ERROR_SPAN}};
  return /\s/.test(text) ? [error, ...found] : [...found.slice(0, 7), error];
}

/** One search field for an id, a trace, a type, an owner or the text of an error; a list says how the text was understood. */
function Search({query, set, types}) {
  const [typed, setTyped] = useState('');
  const [owners, setOwners] = useState({text: '', items: []});
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(false);
  const text = typed.trim();
  const known = owners.text === text ? owners.items : [];
  const meanings = meaningsOf(typed, types, known);
  useEffect(() => {
    if (text.length < 2 || idIn(text.toLowerCase()) || HEX.test(text.toLowerCase())) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      call('GET', withQuery('/ops/owners', {name: text}), undefined, {signal: controller.signal})
        .then(({items}) => setOwners({text, items}), () => {}); // without names the other meanings remain
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  const choose = (meaning) => {
    if (!meaning) return;
    setTyped('');
    setOpen(false);
    if (meaning.id) go({view: 'tasks', id: meaning.id, query: {...query, ...NOTHING}});
    else set({...NOTHING, ...meaning.query});
  };
  const key = (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (step && meanings.length) {
      event.preventDefault();
      setActive((active + step + meanings.length) % meanings.length);
    } else if (event.key === 'Escape') setOpen(false);
  };
  const shown = open && meanings.length > 0;
  return html`
    <form class="search" role="search" onSubmit=${(event) => { event.preventDefault(); choose(meanings[Math.min(active, meanings.length - 1)]); }}>
      <label class="inline-field"><span>Search</span>
        <input data-search type="search" role="combobox" value=${typed} placeholder="id, owner, type, trace, error…" autocomplete="off" spellcheck=${false} maxlength="128"
          aria-expanded=${shown} aria-controls="meanings" aria-autocomplete="list" aria-activedescendant=${shown ? `meaning-${active}` : undefined}
          onInput=${(event) => { setTyped(event.target.value); setActive(0); setOpen(true); }} onKeyDown=${key} onBlur=${() => setOpen(false)} onFocus=${() => setOpen(true)} />
      </label>
      <ul id="meanings" class="meanings" role="listbox" aria-label="How the search is understood" hidden=${!shown}>
        ${meanings.map((meaning, i) => html`
          <li key=${meaning.label} id=${`meaning-${i}`} role="option" aria-selected=${i === active} onMouseDown=${(event) => event.preventDefault()} onClick=${() => choose(meaning)}>${meaning.label}</li>`)}
      </ul>
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
