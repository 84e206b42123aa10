import {html, useState} from '../../vendor/preact.js';
import {Busy, Chip, Loaded} from '../../parts/parts.js';
import {call} from '../api.js';
import {go, useLive} from '../parts/live.js';
import {STATUS, STATUSES, ago, errorLine} from '../parts/words.js';

const PAGE = 50;

/** Everybody's tasks, newest first. */
export function Tasks({query}) {
  const {status, type, owner} = query;
  const given = Object.fromEntries(Object.entries({status, type, owner}).filter(([, value]) => value));
  const path = `/ops/tasks?${new URLSearchParams({...given, limit: PAGE})}`;
  const state = useLive(path, 3_000);
  return html`
    <div class="ops-head"><h1>Tasks</h1><${Filter} query=${query} /></div>
    <${Loaded} state=${state} rows=${6} retry=${state.look}>${(page) => html`<${List} key=${path} page=${page} path=${path} query=${query} />`}<//>`;
}

function Filter({query}) {
  const change = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget.form ?? event.currentTarget);
    go('tasks', {status: form.get('status'), type: form.get('type').trim(), owner: form.get('owner').trim()});
  };
  return html`
    <form class="filter" role="search" onSubmit=${change}>
      <label>Status <select name="status" value=${query.status ?? ''} onChange=${change}><option value="">any</option>${STATUSES.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>
      <label>Type <input name="type" defaultValue=${query.type ?? ''} placeholder="friend.ask" onChange=${change} /></label>
      <label>Owner <input name="owner" defaultValue=${query.owner ?? ''} onChange=${change} /></label>
    </form>
    <form class="filter" onSubmit=${(event) => {
      event.preventDefault();
      go('tasks', {...query, task: new FormData(event.currentTarget).get('id').trim()});
    }}><label>Find by id <input name="id" pattern="[0-9a-fA-F\\-]{36}" placeholder="task id" required /></label></form>`;
}

function List({page, path, query}) {
  const [more, setMore] = useState({items: [], cursor: undefined});
  const cursor = more.cursor === undefined ? page.nextCursor : more.cursor;
  const items = [...page.items, ...more.items.filter((old) => !page.items.some((task) => task.id === old.id))];
  const load = async () => {
    const next = await call('GET', `${path}&cursor=${cursor}`);
    setMore((now) => ({items: [...now.items, ...next.items], cursor: next.nextCursor}));
  };
  if (items.length === 0) return html`<p class="eyebrow">No task is like that.</p>`;
  return html`
    <div class="scroll card" tabindex="0" role="region" aria-label="Tasks">
      <table class="rows">
        <thead><tr>${['status', 'type', 'owner', 'tries', 'submitted', 'error', 'id'].map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
        <tbody>
          ${items.map((task) => html`
            <tr key=${task.id}>
              <td><${Chip} tone=${STATUS[task.status]} live=${task.status === 'processing'}>${task.status}<//></td>
              <th scope="row"><a href=${`#/tasks?${new URLSearchParams({...query, task: task.id})}`}>${task.type}</a></th>
              <td>${task.owner}</td>
              <td class="num">${task.attempts}/${task.maxAttempts}</td>
              <td class="nowrap">${ago(task.createdAt)}</td>
              <td class="error">${errorLine(task.errorDetail)}</td>
              <td class="mono">${task.id}</td>
            </tr>`)}
        </tbody>
      </table>
    </div>
    ${cursor && html`<p class="more"><${Busy} className="button quiet" onPress=${load}>Older tasks<//></p>`}`;
}
