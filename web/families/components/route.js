import {useClientTask} from './watch.js';
import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {client} from '../session.js';
import {STATUS, clock, since, stepText, titleOf} from '../texts.js';
import {Chip} from '../../shared/components/controls.js';
import {Icon} from '../../shared/components/icons.js';

const OVER = new Set(['completed', 'failed', 'dead-letter', 'cancelled']);

/** An update younger than this (ms) is animated; older ones are not. */
const FRESH = 4_000;

/** A task as a route from its start to its present state. */
export function TaskCard({id, open, onToggle}) {
  const task = useClientTask(id);
  if (!task) return null;
  const {word, tone} = STATUS[task.status];
  const live = !OVER.has(task.status);
  return html`
    <article class="task" data-status=${task.status} data-task=${id}>
      <h3 class="task-head">
        <button type="button" class="task-toggle" aria-expanded=${open} aria-controls=${`route-${id}`} onClick=${onToggle}>
          <span class="task-title">${titleOf(task.type)}</span>
          <${Chip} tone=${tone} live=${live}>${word}<//>
          <span class="task-chevron"><${Icon} name="chevron" size="18" /></span>
        </button>
      </h3>
      ${live && html`<${Progress} task=${task} />`}
      <div id=${`route-${id}`} hidden=${!open}>${open && html`<${Route} id=${id} live=${live} />`}</div>
    </article>`;
}

function Progress({task}) {
  const percent = task.progress?.percent;
  const message = task.progress?.message ?? (task.status === 'pending' ? 'Waiting for a worker' : 'Working');
  return html`
    <div class="progress">
      <p class="progress-text" aria-live="polite">${message}</p>
      <div class="progress-track" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"
        aria-valuenow=${percent ?? undefined} data-unknown=${percent === undefined}>
        <span style=${percent === undefined ? '' : `inline-size: ${percent}%`}></span>
      </div>
    </div>`;
}

function Route({id, live}) {
  const updates = useUpdates(id);
  const start = updates[0]?.updatedAt;
  const cancel = () => client.task(id).cancel().catch(() => {}); // already over: the route shows it
  const ended = updates.at(-1);
  const lost = ended && toneOf(ended) === 'bad' && !live;
  return html`
    <ol class="route">
      ${updates.map((update, i) => html`
        <li key=${update.seq} class="stop" data-event=${update.event ?? update.status} data-tone=${toneOf(update)} data-fresh=${update.isFresh}>
          <span class="stop-text">${stepText(update, updates[i - 1])}</span>
          <span class="stop-time">${i === 0 ? clock(update.updatedAt) : since(start, update.updatedAt)}</span>
        </li>`)}
    </ol>
    <p class="task-foot">
      <span class="mono" title="The task's id">${id.slice(-12)}</span>
      ${lost && ended.traceId && html`<small class="reference" title="Quote this when you ask about it">Reference <span class="mono">${ended.traceId}</span></small>`}
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
