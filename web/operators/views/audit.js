import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {Json} from '../components/json.js';
import {StaleNotice, Fault, LoadingRows} from '../components/states.js';
import {go, hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {call, withQuery} from '../session.js';
import {auditText, clock, exact, errorText} from '../texts.js';

const PAGE = 50;
const ACTIONS = {redrive: 'busy', stop: 'warn', discard: 'bad', cancel: 'bad', 'run-again': 'busy', note: 'plain', flag: 'calm', abort: 'warn', rotate: 'calm', knowledge: 'plain'};
/** Steps of a change outside the database that is not complete. */
const STEPS = {begun: 'begun', failed: 'failed'};

/** The actions of operators, newest first. */
export function Audit({user, route: {query}}) {
  return html`
    <div class="head"><h1>Audit</h1><p class="head-note">Every action of operators. Entries cannot be changed.</p></div>
    <${Filters} query=${query} />
    <${Trail} key=${JSON.stringify(query)} query=${query} user=${user} />`;
}

function Filters({query}) {
  const [wanted, setWanted] = useState(query.actor ?? '');
  useEffect(() => setWanted(query.actor ?? ''), [query.actor]);
  const set = (changed) => go({view: 'audit', query: {...query, ...changed}});
  const search = (event) => {
    event.preventDefault();
    set({actor: wanted.trim()});
  };
  return html`
    <div class="filters">
      <label class="inline-field"><span>Action</span>
        <select value=${query.action ?? ''} onChange=${(event) => set({action: event.target.value})}>
          <option value="">All actions</option>
          ${[...new Set([...Object.keys(ACTIONS), query.action].filter(Boolean))].sort().map((action) => html`<option key=${action} value=${action}>${action}</option>`)}
        </select>
      </label>
      <form class="search" role="search" onSubmit=${search}>
        <label class="inline-field"><span>Operator</span>
          <input type="search" value=${wanted} placeholder="a name" autocomplete="off" spellcheck=${false} maxlength="300"
            onInput=${(event) => setWanted(event.target.value)} onSearch=${(event) => event.target.value === '' && query.actor && set({actor: ''})} />
        </label>
      </form>
    </div>`;
}

function Trail({query, user}) {
  const {actor, action} = query;
  const read = (cursor, signal) => call('GET', withQuery('/ops/audit', {actor, action, limit: PAGE, cursor}), undefined, {signal});
  const newest = usePolled(`audit ${actor} ${action}`, (signal) => read(null, signal));
  const [older, setOlder] = useState({items: [], nextCursor: undefined, busy: false, fault: ''});
  const {value, error, again} = newest;
  if (!value) return error ? html`<${Fault} error=${error} again=${again} />` : html`<${LoadingRows} />`;
  const cursor = older.nextCursor === undefined ? value.nextCursor : older.nextCursor;
  const known = new Set(value.items.map(({id}) => id));
  const items = [...value.items, ...older.items.filter(({id}) => !known.has(id))];
  const more = async () => {
    setOlder((now) => ({...now, busy: true, fault: ''}));
    try {
      const page = await read(cursor);
      setOlder((now) => ({items: [...now.items, ...page.items], nextCursor: page.nextCursor, busy: false, fault: ''}));
    } catch (fault) {
      setOlder((now) => ({...now, busy: false, fault: errorText(fault)}));
    }
  };
  return html`
    <${StaleNotice} read=${newest} />
    ${items.length === 0
      ? html`<p class="quiet-line">${actor || action ? 'No entry matches these filters.' : 'No operator has changed anything yet. Redrives, discards, cancels, flags and key rotations are kept here.'}</p>`
      : html`<div class="panel flush">
          <table class="table audit">
            <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Action</th><th scope="col">What</th></tr></thead>
            <tbody>${items.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} user=${user} />`)}</tbody>
          </table>
        </div>`}
    ${cursor && html`<div class="list-end"><button type="button" class="button quiet" data-busy=${older.busy} disabled=${older.busy} onClick=${more}>Older entries</button><p class="form-error" role="alert">${older.fault}</p></div>`}`;
}

function Entry({entry, user}) {
  const {at, actor, action, detail} = entry;
  return html`
    <tr>
      <td class="when" title=${exact(at)}>${clock(at)}</td>
      <td>${actor === `${user.name} (${user.id})` ? html`${user.name} <span class="faint">(you)</span>` : actor}</td>
      <td><span class="chip tone-${STEPS[detail.step] ? 'plain' : ACTIONS[action] ?? 'plain'}">${action}${STEPS[detail.step] && html` ${STEPS[detail.step]}`}</span></td>
      <td class="audit-what"><span>${auditText(entry)}${detail.task && html` <a href=${hashOf({view: 'tasks', id: detail.task})}>Details of the task</a>`}</span><${Json} name="Detail" value=${Object.keys(detail).length ? detail : null} /></td>
    </tr>`;
}
