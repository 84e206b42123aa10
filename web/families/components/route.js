import {useClientTask} from './watch.js';
import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {client} from '../session.js';
import {OVER, STATUS, since, stepText, summaryText, titleOf} from '../texts.js';
import {ago, exact} from '../times.js';
import {Chip} from '../../shared/components/controls.js';
import {Icon} from '../../shared/components/icons.js';
import {TaskText} from './growing_text.js';
import {RunParts} from './run_parts.js';
import {WaitReason} from './wait_reason.js';

/** An update younger than this (ms) is animated; older ones are not. */
const FRESH = 4_000;

/** A task with its outcome in one line; its details are a route from its start to its present state. */
export function TaskCard({id, open, onToggle}) {
  const task = useClientTask(id);
  if (!task) return null;
  const {word, tone} = STATUS[task.status];
  const live = !OVER.has(task.status);
  return html`
    <article class="task" data-status=${task.status} data-task=${id}>
      <div class="task-head">
        <h3 class="task-title">${titleOf(task.type)}</h3>
        <${Chip} tone=${tone} live=${live}>${word}<//>
      </div>
      <p class="task-summary" dir="auto">${summaryText(task)}</p>
      ${live && html`<${WaitReason} task=${task} />`}
      <${TaskText} id=${id} />
      ${live && html`<${Progress} task=${task} />`}
      <p class="task-line">
        ${task.updatedAt && html`<time datetime=${task.updatedAt} title=${exact(task.updatedAt)}>${ago(task.updatedAt)}</time>`}
        <button type="button" class="task-toggle link" aria-expanded=${open} aria-controls=${`route-${id}`} aria-label=${`Details of: ${titleOf(task.type)}`} onClick=${onToggle}>Details<span class="task-chevron"><${Icon} name="chevron" size="16" /></span></button>
      </p>
      <div id=${`route-${id}`} hidden=${!open}>${open && html`<${RunParts} id=${id} seq=${task.seq} /><${Route} id=${id} live=${live} />`}</div>
    </article>`;
}

function Progress({task}) {
  const percent = task.progress?.percent;
  return html`
    <div class="progress-track" role="progressbar" aria-label=${`Progress of: ${titleOf(task.type)}`} aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${percent ?? undefined} data-unknown=${percent === undefined}>
      <span style=${percent === undefined ? '' : `inline-size: ${percent}%`}></span>
    </div>`;
}

function Route({id, live}) {
  const updates = useUpdates(id);
  const start = updates[0]?.updatedAt;
  const cancel = () => client.task(id).cancel().catch(() => {}); // already over: the route shows it
  const last = updates.at(-1);
  const broken = last?.status === 'dead-letter';
  return html`
    <ol class="route">
      ${updates.map((update, i) => html`
        <li key=${update.seq} class="stop" data-event=${update.event ?? update.status} data-tone=${toneOf(update)} data-fresh=${update.isFresh}>
          <span class="stop-text">${stepText(update, updates[i - 1])}</span>
          <span class="stop-time">${i === 0 ? exact(update.updatedAt) : since(start, update.updatedAt)}</span>
        </li>`)}
    </ol>
    <p class="task-foot">
      ${broken && last.traceId && html`<small class="reference">Quote this to support: <span class="mono">${last.traceId}</span></small>`}
      ${live && html`<button type="button" class="link" onClick=${cancel}>Cancel</button>`}
    </p>`;
}

function toneOf({status, event}) {
  if (OVER.has(status)) return STATUS[status].tone;
  return event === 'retrying' ? 'bad' : event === 'step' ? 'good' : 'busy';
}

/** Return every update of the task, from the first. */
function useUpdates(id) {
  const [updates, setUpdates] = useState([]);
  useEffect(() => {
    const controller = new AbortController();
    const follow = async () => {
      for await (const update of client.task(id).updates({after: 0, signal: controller.signal})) {
        const isFresh = Date.now() - Date.parse(update.updatedAt) < FRESH;
        setUpdates((all) => [...all, {...update, isFresh}]);
      }
    };
    setUpdates([]);
    follow().catch(() => {}); // the task is gone or the user signed out: the list stays as it is
    return () => controller.abort();
  }, [id]);
  return updates;
}
