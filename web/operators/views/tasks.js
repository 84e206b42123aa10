import {html, useEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {StaleNotice, Fault, LoadingRows} from '../components/states.js';
import {go, hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {call, withQuery} from '../session.js';
import {errorText, plural} from '../texts.js';
import {CancelDialog, choiceOf} from './bulk_cancel.js';
import {SelectionBar} from './selection.js';
import {Table, download} from './task_table.js';
import {Filters} from './filters.js';
import {SavedFilters} from './saved_filters.js';
import {TaskDetail} from './task_detail.js';

const PAGE = 50;

/** The tasks of all owners, and beside them the details of the open task. */
export function Tasks({route, stats}) {
  const {query, id} = route;
  const flags = usePolled('types', (signal) => call('GET', '/ops/flags', undefined, {signal}), {fresh: false});
  const live = (stats.value?.byType ?? []).map(({type}) => type);
  const known = [...new Set([...(flags.value?.types ?? []), ...live, query.type].filter(Boolean))].sort();
  const [cancelling, setCancelling] = useState(null);
  const [turn, setTurn] = useState(0);
  const choice = choiceOf(query);
  return html`
    <div class="head">
      <h1 id="tasks-title">Tasks</h1>
      <div class="head-end"><${SavedFilters} query=${query} />${choice && html`<${BulkMenu} key=${JSON.stringify(choice)} choice=${choice} onCancel=${() => setCancelling(choice)} />`}</div>
    </div>
    <div class="split" data-open=${Boolean(id)}>
      <section class="split-list" aria-labelledby="tasks-title">
        <${Filters} query=${query} types=${known} />
        <${List} key=${`${turn} ${JSON.stringify(query)}`} query=${query} open=${id} />
      </section>
      ${id && html`<${TaskDetail} key=${id} id=${id} close=${() => closeTask(id, query)} linkTo=${(other) => hashOf({view: 'tasks', id: other, query})} />`}
    </div>
    ${cancelling && html`<${CancelDialog} choice=${cancelling} close=${() => setCancelling(null)} done=${() => setTurn((times) => times + 1)} />`}`;
}

/** Close the details and return the focus to the row of the task, or to the list where the row is gone. */
function closeTask(id, query) {
  go({view: 'tasks', query});
  setTimeout(() => {
    const row = /** @type {HTMLElement | null} */ (document.querySelector(`[data-task="${CSS.escape(id)}"] [data-row]`) ?? document.querySelector('main [data-row]'));
    row?.focus();
  });
}

/** Actions on all tasks that match the filters. Opening it counts them, so that no dialog is offered for none. */
function BulkMenu({choice, onCancel}) {
  const [counted, setCounted] = useState(/** @type {{total?: number, error?: any}} */ ({}));
  const details = useRef(null);
  const count = async () => {
    if (!details.current.open) return;
    setCounted({});
    try {
      const {wouldEnd} = /** @type {any} */ (await call('POST', '/ops/tasks/cancel', /** @type {any} */ ({...choice, preview: true})));
      setCounted({total: wouldEnd.total});
    } catch (error) {
      setCounted({error});
    }
  };
  const {total, error} = counted;
  return html`
    <details class="menu" ref=${details} onToggle=${count}>
      <summary class="button small quiet">Bulk actions</summary>
      <div class="menu-items">
        ${error && html`<p role="alert">${errorText(error)}</p>`}
        ${!error && total === undefined && html`<p role="status">Counting…</p>`}
        ${total === 0 && html`<p role="status">All of these are over: none can be cancelled.</p>`}
        ${total > 0 && html`<button type="button" class="button small quiet" onClick=${() => { details.current.open = false; details.current.querySelector('summary').focus(); onCancel(); }}>Cancel ${plural(total, 'task')}…</button>`}
      </div>
    </details>`;
}

/**
 * The newest page is polled, older pages in turn. New tasks wait until the operator asks for them,
 * and tasks that no longer match keep their row, so that no row moves under the pointer.
 */
function List({query, open}) {
  const [shown, setShown] = useState(null);
  const [more, setMore] = useState({busy: false, fault: ''});
  const [selected, setSelected] = useState(/** @type {string[]} */ ([]));
  const top = useRef(null);
  const turn = useRef(0);
  const page = (cursor, signal) => call('GET', withQuery('/ops/tasks', {...query, ownerName: '', limit: PAGE, cursor}), undefined, {signal});
  const read = usePolled(`tasks ${JSON.stringify(query)}`, async (signal) => {
    const newest = await page(null, signal);
    const from = shown?.older.length ? shown.older[turn.current++ % shown.older.length] : null;
    return {newest, from, further: from && (await page(from, signal))};
  });
  const {value, error, again} = read;
  useEffect(() => {
    if (value) setShown((now) => (now?.items.length || now?.older.length ? refreshed(now, value, orderOf(query)) : {...value.newest, older: []}));
  }, [value]);
  if (!shown) return error ? html`<${Fault} error=${error} again=${again} />` : html`<${LoadingRows} />`;
  const older = async () => {
    setMore({busy: true, fault: ''});
    try {
      const {items, nextCursor} = await page(shown.nextCursor);
      setShown((now) => ({items: [...now.items, ...items], nextCursor, older: [...now.older, now.nextCursor]}));
      setMore({busy: false, fault: ''});
    } catch (fault) {
      setMore({busy: false, fault: errorText(fault)});
    }
  };
  const reveal = () => {
    setShown({...value.newest, older: []});
    top.current?.scrollIntoView({block: 'nearest'});
  };
  const clear = () => setShown((now) => ({...now, items: now.items.filter(({gone}) => !gone)}));
  const fresh = value ? newTasksText(shown, value.newest, orderOf(query)) : '';
  const gone = shown.items.filter((item) => item.gone).length;
  return html`
    <p class="list-line" ref=${top} role="status">
      <span>${lineOf(shown, query)}</span>
      ${fresh && html`<button type="button" class="link" onClick=${reveal}>${fresh}: show</button>`}
      ${shown.items.length > 0 && html`<button type="button" class="link" onClick=${() => download(shown.items)}>Export CSV</button>`}
      ${gone > 0 && html`<button type="button" class="link" onClick=${clear}>${gone} no longer match: hide</button>`}
    </p>
    <${StaleNotice} read=${read} />
    <${SelectionBar} tasks=${shown.items.filter(({id}) => selected.includes(id))} clear=${() => setSelected([])} done=${again} />
    ${shown.items.length > 0 && html`<${Table} items=${shown.items} query=${query} open=${open} selected=${selected} select=${setSelected} />`}
    ${shown.nextCursor && html`<div class="list-end"><button type="button" class="button quiet" data-busy=${more.busy} disabled=${more.busy} onClick=${older}>Older tasks</button><p class="form-error" role="alert">${more.fault}</p></div>`}`;
}

/** Return how to compare rows and page cursors in the order of the list; the newest is the greatest. */
function orderOf({order}) {
  if (order !== 'ended') return {of: ({id}) => id, at: (cursor) => cursor, isBefore: (route, end) => route >= end};
  const at = (cursor) => new Date(Number(cursor.split('.')[0]) / 1_000).toISOString();
  return {of: ({finishedAt, updatedAt}) => finishedAt ?? updatedAt, at, isBefore: (route, end) => route > end};
}

function refreshed(shown, {newest, from, further}, order) {
  const first = merged(shown, newest, null, order);
  return further ? merged(first, further, from, order) : first;
}

/** Update the visible rows from a page. A row that the page should contain but does not is marked as gone. New rows are left out. */
function merged(shown, {items, nextCursor}, from, {of, at, isBefore}) {
  const states = new Map(items.map((item) => [item.id, item]));
  const isWithin = (item) => (!from || of(item) < at(from)) && (!nextCursor || isBefore(of(item), at(nextCursor)));
  return {...shown, items: shown.items.map((item) => states.get(item.id) ?? (isWithin(item) ? {...item, gone: true} : item))};
}

/** Return a text with the number of new tasks on the newest page that are not visible yet. */
function newTasksText({items, nextCursor: end}, newest, {of, at, isBefore}) {
  const known = new Set(items.map(({id}) => id));
  const fresh = newest.items.filter((item) => !known.has(item.id) && (!end || isBefore(of(item), at(end))));
  if (!fresh.length) return '';
  const first = items.length ? of(items[0]) : '';
  if (fresh.length === PAGE) return 'Many newer';
  return `${fresh.length} ${fresh.every((item) => of(item) > first) ? 'newer' : 'new'}`;
}

function lineOf({items, nextCursor}, query) {
  const here = items.filter(({gone}) => !gone).length;
  const narrowed = Object.values(query).some(Boolean);
  if (!here) return nextCursor ? 'None among the newest tasks; read older ones.' : narrowed ? 'No task matches these filters.' : 'There is no task yet.';
  const tasks = `${here}${nextCursor ? ' newest' : ''} ${here === 1 ? 'task' : 'tasks'}${narrowed ? (here === 1 && !nextCursor ? ' matches' : ' match') : ''}`;
  return nextCursor ? `The ${tasks}` : `${tasks}, ${query.order === 'ended' ? 'the last to end' : 'newest'} first`;
}
