import {html, useEffect, useRef, useState} from '../../vendor/preact.js';
import {Chip, Loaded, toast} from '../../parts/parts.js';
import {call} from '../api.js';
import {Ask} from '../parts/ask.js';
import {useLive} from '../parts/live.js';
import {STATUS, ago, duration, errorLine} from '../parts/words.js';

const OVER = new Set(['completed', 'failed', 'dead-letter', 'cancelled']);
const TONES = {completed: 'good', failed: 'bad', 'dead-letter': 'bad', retrying: 'busy', 'lease-lost': 'bad', parked: 'busy', cancelled: 'calm', discarded: 'calm'};

/** One task: why it is where it is, everything that happened to it, and what can be done. */
export function Dossier({id, onClose}) {
  const state = useLive(`/ops/tasks/${encodeURIComponent(id)}`, 2_000);
  const panel = useRef();
  useEffect(() => {
    const before = document.activeElement;
    panel.current.focus();
    const key = (event) => event.key === 'Escape' && !document.querySelector('dialog[open]') && onClose();
    addEventListener('keydown', key);
    return () => {
      removeEventListener('keydown', key);
      before?.focus?.();
    };
  }, []);
  return html`
    <aside class="dossier" ref=${panel} tabindex="-1" aria-label="Task">
      <button type="button" class="button quiet small dossier-close" onClick=${onClose}>Close</button>
      <${Loaded} state=${state} rows=${5} retry=${state.look}>${(task) => html`<${Facts} task=${task} look=${state.look} />`}<//>
    </aside>`;
}

function Facts({task, look}) {
  const [asking, setAsking] = useState(null);
  const act = (verb, words) => async () => {
    await call('POST', `/ops/tasks/${task.id}/${verb}`);
    toast(words);
    look();
  };
  return html`
    <header><h2>${task.type}</h2><${Chip} tone=${STATUS[task.status]} live=${task.status === 'processing'}>${task.status}<//></header>
    <p class="why"><strong>${task.why.reason}</strong> ${task.why.message}</p>
    <div class="dossier-actions">
      ${task.status === 'dead-letter' && html`<button type="button" class="button small" onClick=${() => setAsking('retry')}>Retry</button>`}
      ${!OVER.has(task.status) && html`<button type="button" class="button quiet small" onClick=${() => setAsking('cancel')}>Cancel</button>`}
    </div>
    ${asking === 'retry' && html`<${Ask} title="Retry this task?" verb="Retry" act=${act('retry', 'It runs again.')} onClose=${() => setAsking(null)}><p>It gets its attempts anew and runs at once. Its history is kept.</p><//>`}
    ${asking === 'cancel' && html`<${Ask} title="Cancel this task?" verb="Cancel the task" danger act=${act('cancel', 'It is cancelled.')} onClose=${() => setAsking(null)}><p>It ends, and nothing of a running attempt is kept.</p><//>`}
    <dl class="facts">
      <dt>owner</dt><dd><a href=${`#/tasks?owner=${encodeURIComponent(task.owner)}`}>${task.owner}</a></dd>
      <dt>tries</dt><dd>${task.attempts} of ${task.maxAttempts}</dd>
      <dt>submitted</dt><dd><time datetime=${task.createdAt}>${ago(task.createdAt)}</time></dd>
      ${task.nextRunAt && html`<dt>due</dt><dd><time datetime=${task.nextRunAt}>${new Date(task.nextRunAt).toLocaleString()}</time></dd>`}
      <dt>trace</dt><dd class="mono">${task.traceId ?? 'none'}</dd>
      <dt>id</dt><dd class="mono">${task.id}</dd>
      ${task.flags && html`<dt>flags</dt><dd>${Object.entries(task.flags).map(([name, on]) => `${name} ${on ? 'on' : 'off'}`).join(', ')}</dd>`}
    </dl>
    ${task.errorDetail && html`
      <section class="failure"><h3>${errorLine(task.errorDetail)}</h3>
        <p class="mono">${[task.errorDetail.place, task.errorDetail.fingerprint && `fingerprint ${task.errorDetail.fingerprint}`].filter(Boolean).join('   ')}</p></section>`}
    <h3>What happened</h3>
    <ol class="story">${task.events.map((event, index) => html`<${Event} key=${event.seq} event=${event} before=${task.events[index - 1]} />`)}</ol>
    ${task.children.length > 0 && html`
      <h3>Children</h3>
      <ul class="children">${task.children.map((child) => html`<li key=${child.id}><${Chip} tone=${STATUS[child.status]}>${child.status}<//> <a href=${`#/tasks?task=${child.id}`}>${child.type}</a></li>`)}</ul>`}
    ${[['Payload', task.payload], ['Result', task.result]].map(([title, value]) => value !== null && html`<details key=${title}><summary>${title}</summary><pre tabindex="0">${JSON.stringify(value, null, 2)}</pre></details>`)}`;
}

function Event({event, before}) {
  const data = event.data ?? {};
  const words = data.error ? errorLine(data.error) : data.progress?.message ?? ['worker', 'version', 'step', 'flag', 'reason', 'by'].filter((name) => data[name]).map((name) => `${name} ${data[name]}`).join(', ');
  const after = before ? `+${duration((new Date(event.createdAt) - new Date(before.createdAt)) / 1000)}` : '';
  return html`
    <li class=${`tone-${TONES[event.kind] ?? 'calm'}`}>
      <span class="story-kind">${event.kind}${event.attempts ? html` <small>try ${event.attempts}</small>` : ''}</span>
      <time class="mono" datetime=${event.createdAt} title=${event.createdAt}>${after || ago(event.createdAt)}</time>
      ${words && html`<span class="story-words">${words}${data.retryInMs != null ? `; again in ${duration(data.retryInMs / 1000)}` : ''}</span>`}
    </li>`;
}
