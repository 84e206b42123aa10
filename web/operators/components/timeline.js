import {html} from '../../shared/vendor/preact.js';
import {clock, duration, failureText, eventTone, eventText, exact} from '../texts.js';
import {Json} from './json.js';

/** Data fields of an event that its text already contains. */
const SHOWN = new Set(['progress', 'step', 'flag', 'for', 'children', 'by', 'error', 'retryInMs', 'reason', 'version', 'worker', 'tookMs']);
const ENDS = new Set(['completed', 'failed', 'dead-letter', 'cancelled', 'retrying', 'released', 'parked', 'waiting', 'lease-lost']);

/** The events of a task, one attempt after another. Each event shows the time since the event before it. */
export function Timeline({events}) {
  return html`
    <ol class="timeline">
      ${attemptsOf(events).map((part) => html`
        <li key=${part.events[0].seq} class="attempt" data-attempt=${Boolean(part.number)}>
          ${part.number && html`<p class="attempt-head"><strong>Attempt ${part.number}</strong>${part.version && html` <span class="mono" title="The version of the code that ran it">code v${part.version}</span>`}${part.worker && html` <span class="mono" title="The worker that ran it">${part.worker}</span>`}<span class="attempt-took">${part.took}</span></p>`}
          <ol>${part.events.map((event) => html`<${Event} key=${event.seq} event=${event} before=${events[events.indexOf(event) - 1]} />`)}</ol>
        </li>`)}
    </ol>`;
}

function Event({event, before}) {
  const {data, kind, createdAt} = event;
  const gap = before ? Date.parse(createdAt) - Date.parse(before.createdAt) : null;
  const rest = restOf(data);
  return html`
    <li class="event" data-kind=${kind} data-tone=${eventTone(event)}>
      <span class="event-text">${kind === 'step' && html`<span class="faint">Step </span>`}${eventText(event)}</span>
      <time class="event-time" datetime=${createdAt} title=${exact(createdAt)}>${gap === null ? clock(createdAt) : `+ ${duration(gap)}`}</time>
      ${data?.error && html`<p class="event-error">${failureText(data.error)}</p>`}
      ${data?.reason && html`<p class="event-note">${data.reason}</p>`}
      ${data?.retryInMs !== undefined && html`<p class="event-note">Tried again after ${duration(data.retryInMs)}</p>`}
      ${rest && html`<${Json} name="More" value=${rest} />`}
    </li>`;
}

/** Return the data of an event that its text does not contain. */
function restOf(data) {
  const left = Object.entries(data ?? {}).filter(([name, value]) => !SHOWN.has(name) && value !== null);
  const progress = data?.progress?.data;
  if (progress) left.push(['progress', progress]);
  return left.length ? Object.fromEntries(left) : null;
}

/** Split events into parts: one part for each attempt, and one for the events between two attempts. */
function attemptsOf(events) {
  /** @type {any[]} */
  const parts = [];
  for (const event of events) {
    const last = parts.at(-1);
    if (event.kind === 'started') parts.push({number: event.attempts, version: event.data?.version, worker: event.data?.worker, from: event.createdAt, events: [event], open: true});
    else if (last && last.open === Boolean(last.number)) last.events.push(event);
    else parts.push({events: [event], open: false});
    const now = parts.at(-1);
    if (now.number && ENDS.has(event.kind)) Object.assign(now, {open: false, took: duration(Date.parse(event.createdAt) - Date.parse(now.from))});
  }
  return parts;
}
