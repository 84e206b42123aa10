import {Icon} from '../../shared/components/icons.js';
import {toast} from '../../shared/components/controls.js';
import {html, useEffect, useLayoutEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {useKeys} from '../keys.js';
import {ActionForm, Dialog, Reason} from '../components/dialog.js';
import {Status} from '../components/figures.js';
import {Copy, Json} from '../components/json.js';
import {StaleNotice, Fault, LoadingRows} from '../components/states.js';
import {Timeline} from '../components/timeline.js';
import {go, hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {call} from '../session.js';
import {Notes} from './notes.js';
import {GOT_OVER, OVER, STATUS, clock, failureText, exact, errorText, plural, short, whyText} from '../texts.js';

/** Interval between two reads of a task that is over (ms). */
const CALM_PACE = 10_000;

/** The details of one task. */
export function TaskDetail({id, close, linkTo}) {
  const [over, setOver] = useState(false);
  const read = usePolled(`task ${id}`, (signal) => call('GET', `/ops/tasks/${encodeURIComponent(id)}`, undefined, {signal}), over ? {pace: CALM_PACE} : {});
  const {value: task, error, again} = read;
  const title = useRef(null);
  useEffect(() => setOver(Boolean(task && OVER.has(task.status))), [task?.status]);
  useLayoutEffect(() => title.current?.focus({preventScroll: true}), []);
  useKeys({Escape: close});
  return html`
    <aside class="task-detail" aria-labelledby="task-detail-title">
      <header class="task-detail-head">
        <h2 id="task-detail-title" ref=${title} tabindex="-1">${task ? task.type : 'Task'}</h2>
        ${task && html`<${Status} of=${STATUS[task.status]} live=${task.status === 'processing'} />`}
        <button type="button" class="icon-button" aria-label="Close the task" title="Close (Esc)" onClick=${close}><${Icon} name="cross" /></button>
      </header>
      <${StaleNotice} read=${read} />
      ${!task && error && html`<${Fault} error=${error} again=${again} />`}
      ${!task && !error && html`<${LoadingRows} />`}
      ${task && html`<${TaskFields} task=${task} again=${again} linkTo=${linkTo} />`}
    </aside>`;
}

function TaskFields({task, again, linkTo}) {
  const {why} = task;
  return html`
    <div class="why" data-reason=${why.reason}>
      <p class="why-text">${whyText(task)}</p>
      <${Actions} task=${task} again=${again} />
    </div>
    <${Facts} task=${task} linkTo=${linkTo} />
    ${task.errorDetail && !GOT_OVER.has(task.status) && html`<${Failure} error=${task.errorDetail} shownToOwner=${task.error} type=${task.type} />`}
    <${Children} task=${task} linkTo=${linkTo} />
    <section class="task-detail-part" aria-labelledby="events-title">
      <h3 id="events-title">Events${task.eventsTruncated && html` <span class="faint">the newest ${plural(task.events.length, 'event')}</span>`}</h3>
      <${Timeline} events=${task.events} />
    </section>
    <${Notes} task=${task} again=${again} />
    <section class="task-detail-part folds" aria-label="Stored values">
      <${Json} name="Payload" value=${task.payload} />
      <${Json} name="Result" value=${task.result} />
      <${Json} name="Flags it ran with" value=${task.flags && Object.keys(task.flags).length ? task.flags : null} />
      <${Json} name="Why, in full" value=${why} />
    </section>`;
}

/** The actions that the task's status allows. */
function Actions({task, again}) {
  const [asking, setAsking] = useState(false);
  const done = (text) => () => {
    toast(text);
    again();
  };
  const retry = async () => {
    try {
      await call('POST', `/ops/tasks/${task.id}/retry`);
      done(`Queued again with ${plural(task.maxAttempts, 'attempt')}.`)();
    } catch (error) {
      toast(errorText(error), {tone: 'bad'});
      again();
    }
  };
  const [editing, setEditing] = useState(false);
  return html`
    <div class="task-actions">
      <a class="button small quiet" href=${hashOf({view: 'run', id: task.id})}>Where the time went</a>
      ${OVER.has(task.status) && html`<button type="button" class="button small quiet" onClick=${() => setEditing(true)}>Run again…</button>`}
      <${CopyMenu} task=${task} />
      ${task.status === 'dead-letter' && html`<button type="button" class="button small" onClick=${retry}>Retry</button>`}
      ${!OVER.has(task.status) && html`<button type="button" class="button small quiet" onClick=${() => setAsking(true)}>Cancel…</button>`}
    </div>
    ${editing && html`<${RunAgainDialog} task=${task} close=${() => setEditing(false)} />`}
    ${asking && html`<${CancelDialog} task=${task} close=${() => setAsking(false)} done=${done('It is cancelled.')} />`}`;
}

/** Run a task again as a new task of the same owner, with its payload or an edited one. */
function RunAgainDialog({task, close}) {
  const run = async ({payload, reason}) => {
    const edited = parsed(payload);
    const changed = JSON.stringify(edited) !== JSON.stringify(task.payload);
    const {id} = await call('POST', `/ops/tasks/${task.id}/run-again`, {reason, ...(changed ? {payload: edited} : {})});
    toast('The task runs again as a new task.');
    go({view: 'tasks', id});
  };
  return html`
    <${Dialog} title="Run this task again?" close=${close} wide=${true}>
      <p>A new task of type ${task.type} for owner <span class="mono">${task.owner}</span>. All its steps and effects happen again.</p>
      <${ActionForm} submit=${run} action="Run again" close=${close}>
        <div class="field"><label for="payload">Payload</label><textarea id="payload" name="payload" class="mono" rows="8" spellcheck=${false} required>${JSON.stringify(task.payload, null, 2)}</textarea></div>
        <${Reason} />
      <//>
    <//>`;
}

/** Return an edited payload. Raise an error that says where the JSON is wrong. */
export function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`The payload is not valid JSON: ${error.message}.`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('The payload must be a JSON object.');
  return value;
}

/** Copies of a task for other people and tools. */
function CopyMenu({task}) {
  const details = useRef(null);
  const copy = (what, text) => async () => {
    details.current.open = false;
    details.current.querySelector('summary').focus();
    try {
      await navigator.clipboard.writeText(text);
      toast(`${what} copied.`);
    } catch {
      toast('This browser does not let the page copy.', {tone: 'bad'});
    }
  };
  return html`
    <details class="menu" ref=${details}>
      <summary class="button small quiet">Copy</summary>
      <div class="menu-items">
        <button type="button" class="button small quiet" onClick=${copy('The link', linkOf(task.id))}>Link</button>
        <button type="button" class="button small quiet" onClick=${copy('The command', curlOf(task))}>As curl</button>
        <button type="button" class="button small quiet" onClick=${copy('The task', JSON.stringify(task, null, 2))}>As JSON</button>
      </div>
    </details>`;
}

function linkOf(id) {
  return `${location.origin}${location.pathname}${hashOf({view: 'tasks', id})}`;
}

/** Return the command that submits the same task; the token is the reader's own. */
export function curlOf({type, payload}) {
  const body = JSON.stringify({type, payload}).replaceAll("'", "'\\''");
  return `curl -X POST '${location.origin}/api/tasks' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '${body}'`;
}

function CancelDialog({task, close, done}) {
  const cancel = async () => {
    await call('POST', `/ops/tasks/${task.id}/cancel`);
    done();
  };
  return html`
    <${Dialog} title="Cancel this task?" close=${close}>
      <p>${task.status === 'processing'
        ? 'A worker is running it. What it has not committed yet will not be kept; calls it made to others have been made.'
        : 'It will not run. Its owner sees it as cancelled.'} This cannot be taken back.</p>
      <${ActionForm} submit=${cancel} action="Cancel the task" tone="bad" close=${close} />
    <//>`;
}

function Facts({task, linkTo}) {
  const at = (moment) => html`<time datetime=${moment} title=${exact(moment)}>${clock(moment)}</time>`;
  return html`
    <dl class="facts">
      <div class="wide"><dt>Id</dt><dd class="mono">${task.id}<${Copy} text=${task.id} subject="Task id" /></dd></div>
      <div class="wide"><dt>Trace</dt><dd class="mono">${task.traceId ? html`${task.traceId}<${Copy} text=${task.traceId} subject="Trace id" />` : html`<span class="faint">none recorded</span>`}</dd></div>
      <div><dt>Owner</dt><dd><a href=${hashOf({view: 'tasks', query: {owner: task.owner}})} class="mono" title="All tasks of this owner">${task.owner}</a></dd></div>
      <div><dt>Attempts</dt><dd>${task.attempts} of ${task.maxAttempts}</dd></div>
      <div><dt>Submitted</dt><dd>${at(task.createdAt)}</dd></div>
      <div><dt>Last change</dt><dd>${at(task.updatedAt)}</dd></div>
      ${task.nextRunAt && html`<div><dt>Due</dt><dd>${at(task.nextRunAt)}</dd></div>`}
      ${task.uniqueKey && html`<div><dt>Unique key</dt><dd class="mono">${task.uniqueKey}</dd></div>`}
      ${task.parentId && html`<div><dt>Parent</dt><dd><a class="mono" href=${linkTo(task.parentId)}>${short(task.parentId)}</a></dd></div>`}
    </dl>`;
}

export function Failure({error, shownToOwner, type}) {
  const {fingerprint, kind} = error;
  return html`
    <section class="failure" aria-label="The last failure">
      <p class="failure-text">${failureText(error)}</p>
      ${shownToOwner && shownToOwner !== failureText(error) && html`<p class="failure-for-owner">The owner sees: “${shownToOwner}”</p>`}
      <p class="failure-marks">
        ${kind && html`<span>${kind}</span>`}
        ${fingerprint && html`<a class="mono" href=${hashOf({view: 'dead-letters', query: {fingerprint, type}})} title="Dead letters that failed alike">${fingerprint}</a>`}
      </p>
      <${Json} name="The error, in full" value=${error} />
    </section>`;
}

function Children({task, linkTo}) {
  if (!task.children.length) return null;
  const done = task.children.filter(({status}) => OVER.has(status)).length;
  return html`
    <section class="task-detail-part" aria-labelledby="children-title">
      <h3 id="children-title">Children <span class="faint">${done} of ${task.children.length} over</span></h3>
      <ul class="children">
        ${task.children.map((child) => html`
          <li key=${child.id}>
            <${Status} of=${STATUS[child.status]} live=${child.status === 'processing'} />
            <a href=${linkTo(child.id)}>${child.type}</a>
            <span class="says" title=${failureText(child.error)}>${failureText(child.error)}</span>
            <span class="mono faint">${short(child.id)}</span>
          </li>`)}
      </ul>
    </section>`;
}
