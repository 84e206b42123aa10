import {html, useEffect, useLayoutEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {duration} from '../texts.js';
import {moved} from './layout.js';

/** The bars of a task row: its own spans one after another; the steps lie over their attempt. */
const DRAWN = ['queued', 'parked', 'retry-wait', 'sleep', 'ask', 'children', 'attempt', 'step'];

/**
 * The rows of a run as a tree grid, walked by arrows. The bars are decoration: each row has its times as text.
 * @param {{rows: import('./layout.js').Row[], axis: any, asked: string, toggle: (key: string) => void, select: (row: any) => void, selected: string, now: number}} properties
 */
export function Waterfall({rows, axis, asked, toggle, select, selected, now}) {
  const [at, setAt] = useState('');
  const grid = useRef(/** @type {HTMLElement | null} */ (null));
  const moves = useRef(false);
  const index = Math.max(0, rows.findIndex(({key}) => key === at));
  useLayoutEffect(() => {
    if (!moves.current) return;
    moves.current = false;
    const row = /** @type {HTMLElement | null} */ (grid.current.querySelector('[role="row"][tabindex="0"]'));
    row?.focus();
    row?.scrollIntoView({block: 'nearest'});
  }, [at]);
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[index];
    const opens = (event.key === 'ArrowRight' && row.canOpen && !row.isOpen) || (event.key === 'ArrowLeft' && row.isOpen);
    const to = moved(rows, index, event.key);
    if (event.key === 'Enter' || event.key === ' ') select(row);
    else if (opens) toggle(row.key);
    else if (to === undefined) return;
    else {
      moves.current = to !== index;
      setAt(rows[to].key);
    }
    event.preventDefault();
  };
  return html`
    <div class="run-grid" role="treegrid" aria-label="The run" ref=${grid} onKeyDown=${press}>
      <div role="rowgroup">
        <div class="run-row run-head" role="row">
          ${['Name', 'Status', 'Start', 'Duration'].map((name) => html`<span key=${name} role="columnheader">${name}</span>`)}
          <${Ticks} axis=${axis} />
        </div>
      </div>
      <div role="rowgroup">
        ${rows.map((row, i) => html`
          <div key=${row.key} class="run-row" role="row" data-kind=${row.kind} data-failed=${row.isFailed} data-asked=${row.key === asked} tabindex=${i === index ? 0 : -1} aria-level=${row.level} aria-posinset=${row.position} aria-setsize=${row.siblings}
            aria-expanded=${row.canOpen ? String(row.isOpen) : undefined} aria-selected=${String(row.key === selected)} style=${`--level: ${row.level - 1}`} onFocus=${() => setAt(row.key)}
            onClick=${() => { setAt(row.key); if (row.canOpen && row.key === selected) toggle(row.key); select(row); }}>
            <span role="gridcell" class="run-name">
              ${row.canOpen ? html`<button type="button" class="run-fold" tabindex="-1" aria-hidden="true" onClick=${(event) => { event.stopPropagation(); toggle(row.key); }}>${row.isOpen ? '▾' : '▸'}</button>` : html`<span class="run-leaf"></span>`}<span class="run-text">${row.name}</span>${row.key === asked && html` <span class="faint">(this task)</span>`}
            </span>
            <span role="gridcell" class="run-status">${statusText(row)}</span>
            <span role="gridcell" class="run-start">+ ${duration(row.start - axis.start)}</span>
            <span role="gridcell" class="run-took">${duration(row.end - row.start)}${row.span?.unexplainedMs && html`<span class="run-warning" title=${warning(row)}> ⚠<span class="visually-hidden">${warning(row)}</span></span>`}</span>
            <span role="presentation" class="run-bars" aria-hidden="true"><${Bars} row=${row} axis=${axis} now=${now} /></span>
          </div>`)}
      </div>
    </div>`;
}

/** @param {import('./layout.js').Row} row */
function warning({span}) {
  return `${duration(span.unexplainedMs)} outside any step`;
}

const STATUS_TEXTS = {completed: 'Completed', failed: 'Refused', 'dead-letter': 'Dead letter', cancelled: 'Cancelled', pending: 'Pending', processing: 'Running', running: 'Goes on', retrying: 'Failed', 'lease-lost': 'Worker lost', waiting: 'Waits', released: 'Released', continued: 'Continued', parked: 'Parked'};

/** Return the status of a row as text; a step or a wait that is over has none. */
export function statusText({status, kind}) {
  return STATUS_TEXTS[status] ?? (kind === 'fold' ? status : '');
}

function Bars({row, axis, now}) {
  const bar = (kind, start, end, isFailed) => ({kind, isFailed, x: axis.at(start) * 1_000, width: Math.max(2, (axis.at(end) - axis.at(start)) * 1_000)});
  const spans = row.kind === 'task' ? row.node.spans : [];
  const bars = spans.length
    ? [...spans].sort((one, other) => DRAWN.indexOf(one.kind) - DRAWN.indexOf(other.kind)).map((span) => bar(span.kind, Date.parse(span.start), span.end ? Date.parse(span.end) : now, ['retrying', 'lease-lost', 'failed', 'dead-letter'].includes(span.outcome)))
    : [bar(row.kind === 'fold' ? 'child' : row.kind, row.start, row.end, row.isFailed && row.kind !== 'fold')];
  return html`
    <svg viewBox="0 0 1000 20" preserveAspectRatio="none">
      ${axis.cuts.map((cut) => html`<rect class="bar-cut" x=${cut.from * 1_000} width=${(cut.to - cut.from) * 1_000} y="0" height="20" />`)}
      ${bars.map(({kind, x, width, isFailed}) => html`<rect class="bar" data-kind=${kind} data-failed=${isFailed} x=${Math.min(x, 998)} width=${width} y=${kind === 'step' ? 5 : 3} height=${kind === 'step' ? 10 : 14} />`)}
    </svg>`;
}

/** The marks of the axis, as times since the begin; a cut shows its length. */
function Ticks({axis}) {
  const marks = axis.cuts.length ? [] : [0.25, 0.5, 0.75].map((part) => ({part, text: duration((axis.end - axis.start) * part)}));
  return html`
    <span role="presentation" class="run-ticks" aria-hidden="true">
      <span style="inset-inline-start: 0">0</span>
      ${marks.map(({part, text}) => html`<span key=${part} style=${`inset-inline-start: ${part * 100}%`}>${text}</span>`)}
      ${axis.cuts.map(({ms, from}) => html`<span key=${from} class="run-cut" style=${`inset-inline-start: ${from * 100}%`}>⁄⁄ ${duration(ms)}</span>`)}
      <span class="run-end">${duration(axis.end - axis.start)}</span>
    </span>`;
}

/** The same rows as a table, for printing and for readers who prefer one. */
export function RunTable({rows, axis}) {
  return html`
    <div class="run-scroll" role="region" aria-label="The run as a table" tabindex="0"><table class="table run-table">
      <caption class="visually-hidden">The run as a table</caption>
      <thead><tr>${['Name', 'Status', 'Start', 'Duration', 'Share'].map((name, i) => html`<th key=${name} scope="col" class=${i > 1 ? 'num' : ''}>${name}</th>`)}</tr></thead>
      <tbody>
        ${rows.map((row) => html`
          <tr key=${row.key}>
            <th scope="row" class="run-cell" style=${`--level: ${row.level - 1}`}>${row.name}</th><td>${statusText(row)}</td>
            <td class="num">+ ${duration(row.start - axis.start)}</td><td class="num">${duration(row.end - row.start)}</td><td class="num">${Math.round((100 * (row.end - row.start)) / Math.max(1, axis.length))} %</td>
          </tr>`)}
      </tbody>
    </table></div>`;
}

/** Return the time of the server, which moves on between two reads while something runs. */
export function useServerTime(at, isRunning) {
  const read = useRef({at: '', seen: 0});
  if (read.current.at !== at) read.current = {at, seen: Date.now()};
  const [, tick] = useState(0);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => tick((times) => times + 1), 1_000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return Date.parse(at) + (isRunning ? Date.now() - read.current.seen : 0);
}
