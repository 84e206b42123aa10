import {html, useMemo, useRef, useState} from '../../shared/vendor/preact.js';
import {useKeys} from '../keys.js';
import {Status} from '../components/figures.js';
import {Fault, LoadingRows, StaleNotice} from '../components/states.js';
import {hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {axisOf, openAtFirst, rowsOf} from '../runs/layout.js';
import {RunTable, Waterfall, useServerTime} from '../runs/waterfall.js';
import {call} from '../session.js';
import {STATUS, duration, exact, plural, short} from '../texts.js';

/** Interval between two reads of a run that is over (ms). */
const CALM_PACE = 10_000;

/** The run that a task belongs to, as a picture of where its time went. */
export function Run({route: {id}}) {
  const [isOver, setOver] = useState(false);
  const read = usePolled(`run ${id}`, async (signal) => {
    const run = /** @type {any} */ (await call('GET', `/ops/tasks/${encodeURIComponent(id)}/tree`, undefined, {signal}));
    setOver(run.nodes.every(({finishedAt}) => finishedAt));
    return run;
  }, isOver ? {pace: CALM_PACE} : {});
  const {value: run, error, again} = read;
  if (!id) return html`<div class="view"><h1>Run</h1><p>Open a task and press “Where the time went”.</p></div>`;
  return html`
    <div class="view run">
      <${StaleNotice} read=${read} />
      ${!run && error && html`<${Fault} error=${error} again=${again} />`}
      ${!run && !error && html`<${LoadingRows} />`}
      ${run && html`<${Picture} key=${run.rootId} run=${run} />`}
    </div>`;
}

function Picture({run}) {
  const root = run.nodes.find(({id}) => id === run.rootId);
  const now = useServerTime(run.at, run.nodes.some(({finishedAt}) => !finishedAt));
  const [open, setOpen] = useState(() => openAtFirst(run));
  const [asTable, setTable] = useState(false);
  const [selected, setSelected] = useState('');
  const grid = useRef(null);
  const axis = axisOf(run, now);
  const rows = useMemo(() => rowsOf(run, asTable ? everything(run) : open, now), [run, open, now, asTable]);
  const toggle = (key) => setOpen((before) => new Set(before.has(key) ? [...before].filter((each) => each !== key) : [...before, key]));
  useKeys({
    Escape: () => {
      setSelected('');
      grid.current?.querySelector('[role="row"][tabindex="0"]')?.focus();
    },
  });
  const chosen = rows.find(({key}) => key === selected);
  return html`
    <header class="view-head">
      <h1>${root.type}</h1><${Status} of=${STATUS[root.status]} live=${root.status === 'processing'} />
      <p class="run-facts">${duration(axis.length)} · ${plural(run.nodes.length, 'task')}${run.truncated && ' at most; the rest is not shown'} · owner ${root.owner} · <a href=${hashOf({view: 'tasks', id: run.taskId})}>task <span class="mono">${short(run.taskId)}</span></a></p>
    </header>
    <${Totals} totals=${run.totals} />
    <div class="segments small" role="group" aria-label="Show the run as">
      <button type="button" aria-pressed=${String(!asTable)} onClick=${() => setTable(false)}>Waterfall</button>
      <button type="button" aria-pressed=${String(asTable)} onClick=${() => setTable(true)}>Table</button>
    </div>
    <div ref=${grid}>
      ${asTable ? html`<${RunTable} rows=${rows} axis=${axis} />` : html`<${Waterfall} rows=${rows} axis=${axis} asked=${run.taskId} toggle=${toggle} select=${({key}) => setSelected(key)} selected=${selected} now=${now} />`}
    </div>
    ${chosen && !asTable && html`<${Selected} row=${chosen} />`}
    <p class="faint run-legend">Arrows walk and fold, Enter shows details, [ and ] go to the failure before or after. A time in which nothing ran is cut (⁄⁄).</p>`;
}

/** Return the keys of all rows that can be open. */
function everything({nodes}) {
  return new Set(nodes.flatMap(({id, parentId, type, spans}) => [id, `${parentId}*${type}`, ...spans.map((_, index) => `${id}/${index}`)]));
}

/** Where the time of the root went: parts that sum up to its length. */
function Totals({totals: {queueMs, stepMs, otherMs, waitMs}}) {
  const parts = /** @type {[string, number][]} */ ([['Queue', queueMs], ['Steps', stepMs], ['Outside any step', otherMs], ['Waiting', waitMs]]);
  return html`<dl class="run-totals" aria-label="Where the time of the root went">${parts.map(([name, ms]) => html`<div key=${name}><dt>${name}</dt><dd>${duration(ms)}</dd></div>`)}</dl>`;
}

function Selected({row}) {
  const {span, node} = row;
  return html`
    <section class="run-selected" aria-label="Selected" aria-live="polite">
      <h2>${row.name}</h2>
      <p><time>${exact(row.start)}</time> to <time>${row.isRunning ? 'now' : exact(row.end)}</time>, ${duration(row.end - row.start)}${span?.worker && html` · <span class="mono">${span.worker}</span>`}${span?.unexplainedMs && ` · ${duration(span.unexplainedMs)} outside any step`}</p>
      ${node && html`<p>Task <a class="mono" href=${hashOf({view: 'tasks', id: node.id})}>${short(node.id)}</a> · ${node.type} · owner ${node.owner} · ${plural(node.attempts, 'attempt')}</p>`}
    </section>`;
}
