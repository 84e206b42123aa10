import {Icon} from '../../shared/components/icons.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {Status} from '../components/figures.js';
import {go, hashOf} from '../route.js';
import {GOT_OVER, OVER, STATUS, ago, clock, exact, failureText, short} from '../texts.js';

/** A row that no longer matches the filters. */
const GONE = {word: 'No longer matches', tone: 'plain'};
const COLUMNS = ['id', 'type', 'owner', 'status', 'attempts', 'maxAttempts', 'createdAt', 'finishedAt', 'error'];

/** Return rows as CSV. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvOf(items) {
  const cell = (value) => {
    const text = String(value ?? '');
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = items.map((item) => COLUMNS.map((name) => cell(name === 'error' ? failureText(item.errorDetail) : item[name])).join(','));
  return [COLUMNS.join(','), ...lines].join('\r\n');
}

/** Save rows as a file. */
export function download(items) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csvOf(items)], {type: 'text/csv'}));
  link.download = 'tasks.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

/** The value by which a column sorts the visible rows. */
const SORTS = {
  status: ({status, gone}) => (gone ? GONE.word : STATUS[status].word),
  type: ({type}) => type,
  owner: ({owner}) => owner,
  attempts: ({attempts}) => attempts,
};

/** Return rows in the order of a column, `{column, down}`; without one they keep the order of the list. */
export function sorted(items, order) {
  if (!order) return items;
  const of = SORTS[order.column];
  const ascending = items.toSorted((a, b) => (typeof of(a) === 'number' ? of(a) - of(b) : of(a).localeCompare(of(b), 'en', {numeric: true})));
  return order.down ? ascending.toReversed() : ascending;
}

/** A heading that sorts the visible rows: upwards, downwards, then as the list. */
function SortHead({column, name, className, order, setOrder}) {
  const mine = order?.column === column;
  const next = !mine ? {column, down: false} : order.down ? null : {column, down: true};
  return html`
    <th scope="col" class=${className} aria-sort=${mine ? (order.down ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="sort" title="Sorts the rows that are shown" onClick=${() => setOrder(next)}>${name}<span class="sort-mark" data-down=${mine && order.down} data-on=${mine}><${Icon} name="chevron" size="14" /></span></button>
    </th>`;
}

/** The rows of the list, each with a checkbox; `select` gets the ids of the selected ones. */
export function Table({items, query, open, selected, select}) {
  const [order, setOrder] = useState(/** @type {{column: string, down: boolean} | null} */ (null));
  const head = (column, name, className) => html`<${SortHead} column=${column} name=${name} className=${className} order=${order} setOrder=${setOrder} />`;
  const ids = items.map(({id}) => id);
  const isWhole = ids.every((id) => selected.includes(id));
  const toggle = (id) => select((now) => (now.includes(id) ? now.filter((other) => other !== id) : [...now, id]));
  return html`
    <div class="panel flush">
      <table class="table tasks">
        <thead><tr>
          <th scope="col" class="col-select"><input type="checkbox" aria-label="Select all rows" checked=${isWhole} onChange=${() => select(isWhole ? [] : ids)} /></th>
          ${head('status', 'Status', 'col-status')}${head('type', 'Type', 'col-type')}${head('owner', 'Owner', 'col-owner')}${head('attempts', 'Attempts', 'num col-attempts')}
          <th scope="col" class="says">Message</th><th scope="col" class="col-id">Id</th><th scope="col" class="num">${query.order === 'ended' ? 'Ended' : 'Submitted'}</th>
        </tr></thead>
        <tbody>
          ${sorted(items, order).map((task) => html`<${Row} key=${task.id} task=${task} query=${query} open=${task.id === open} isSelected=${selected.includes(task.id)} toggle=${() => toggle(task.id)} />`)}
        </tbody>
      </table>
    </div>`;
}

function Row({task, query, open, isSelected, toggle}) {
  const says = task.gone ? '' : saysOf(task);
  const at = query.order === 'ended' ? task.finishedAt ?? task.updatedAt : task.createdAt;
  return html`
    <tr data-open=${open} data-gone=${Boolean(task.gone)} data-task=${task.id} onClick=${(event) => { if (!event.target.closest('a, .col-select')) go({view: 'tasks', id: task.id, query}); }}>
      <td class="col-select"><input type="checkbox" data-select aria-label=${`Select ${short(task.id)}`} checked=${isSelected} onChange=${toggle} /></td>
      <td><${Status} of=${task.gone ? GONE : STATUS[task.status]} live=${!task.gone && task.status === 'processing'} /></td>
      <th scope="row"><a data-row class="row-link" href=${hashOf({view: 'tasks', id: task.id, query})} aria-current=${open ? 'true' : undefined}>${task.type}</a></th>
      <td class="col-owner mono">${task.owner}</td>
      <td class="num col-attempts">${task.attempts}<span class="faint"> / ${task.maxAttempts}</span></td>
      <td class="says" title=${says}>${says}</td>
      <td class="mono col-id" title=${task.id}>${short(task.id)}</td>
      <td class="num when" title=${exact(at)}>${clock(at)}</td>
    </tr>`;
}

/** Return the newest message of a task; a failure that it recovered from is left to its details. */
function saysOf(task) {
  if (task.errorDetail && !GOT_OVER.has(task.status)) return failureText(task.errorDetail);
  return OVER.has(task.status) ? '' : task.progress?.message ?? dueText(task);
}

function dueText({status, nextRunAt}) {
  return status === 'pending' && nextRunAt && Date.parse(nextRunAt) > Date.now() ? `due ${ago(nextRunAt)}` : '';
}
