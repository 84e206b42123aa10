import {html, useState} from '../../vendor/preact.js';
import {Json} from '../parts/json.js';
import {Fault, Rows} from '../parts/states.js';
import {hashOf} from '../place.js';
import {usePolled} from '../polling.js';
import {call, withQuery} from '../session.js';
import {auditWords, clock, exact, faultWords} from '../words.js';

const PAGE = 50;
const ACTIONS = {redrive: 'busy', discard: 'bad', cancel: 'bad', stop: 'warn', flag: 'calm', rotate: 'calm'};

/** Who did what, the newest first. */
export function Audit({user}) {
  const read = (cursor, signal) => call('GET', withQuery('/ops/audit', {limit: PAGE, cursor}), undefined, {signal});
  const newest = usePolled('audit', (signal) => read(null, signal));
  const [older, setOlder] = useState({items: [], nextCursor: undefined, busy: false, fault: ''});
  const {value, error, again} = newest;
  if (!value) return html`<div class="head"><h1>Audit</h1></div>${error ? html`<${Fault} error=${error} again=${again} />` : html`<${Rows} />`}`;
  const cursor = older.nextCursor === undefined ? value.nextCursor : older.nextCursor;
  const known = new Set(value.items.map(({id}) => id));
  const items = [...value.items, ...older.items.filter(({id}) => !known.has(id))];
  const more = async () => {
    setOlder((now) => ({...now, busy: true, fault: ''}));
    try {
      const page = await read(cursor);
      setOlder((now) => ({items: [...now.items, ...page.items], nextCursor: page.nextCursor, busy: false, fault: ''}));
    } catch (fault) {
      setOlder((now) => ({...now, busy: false, fault: faultWords(fault)}));
    }
  };
  return html`
    <div class="head"><h1>Audit</h1><p class="head-note">What operators did. Nothing here can be changed.</p></div>
    ${items.length === 0
      ? html`<p class="quiet-line">No operator has changed anything yet. Redrives, discards, flags and key rotations are kept here.</p>`
      : html`<div class="panel flush">
          <table class="table audit">
            <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Action</th><th scope="col">What</th></tr></thead>
            <tbody>${items.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} user=${user} />`)}</tbody>
          </table>
        </div>`}
    ${cursor && html`<div class="list-end"><button type="button" class="button quiet" data-busy=${older.busy} disabled=${older.busy} onClick=${more}>Older entries</button><p class="form-fault" role="alert">${older.fault}</p></div>`}`;
}

function Entry({entry, user}) {
  const {at, actor, action, detail} = entry;
  return html`
    <tr>
      <td class="when" title=${exact(at)}>${clock(at)}</td>
      <td>${actor === `${user.name} (${user.id})` ? html`${user.name} <span class="faint">(you)</span>` : actor}</td>
      <td><span class="chip tone-${ACTIONS[action] ?? 'plain'}">${action}</span></td>
      <td class="audit-what"><span>${auditWords(entry)}${detail.task && html` <a href=${hashOf({view: 'tasks', id: detail.task})}>Its story</a>`}</span><${Json} name="Detail" value=${Object.keys(detail).length ? detail : null} /></td>
    </tr>`;
}
