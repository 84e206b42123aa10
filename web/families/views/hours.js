import {reload, useResource} from '../data.js';
import {useDraft} from '../drafts.js';
import {Icon} from '../../shared/components/icons.js';
import {BusyButton, ErrorMessage, Loaded, toast} from '../../shared/components/controls.js';
import {fieldErrors} from '../../shared/errors.js';
import {call} from '../session.js';
import {html, useEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {dayName, readersZone, timeOfDay, zoneName} from '../times.js';

const WEEK = [1, 2, 3, 4, 5, 6, 7];
/** First and last hour of the drawn day. */
const [DAWN, DUSK] = [6, 22];

/** The weekly hours in which the family has time. */
export function Hours() {
  const state = useResource('hours');
  return html`
    <section class="hours" aria-labelledby="hours-title">
      <h2 id="hours-title">When you have time</h2>
      <${Loaded} state=${state} rows=${7} retry=${() => reload('hours')}>
        ${(calendar) => html`<${Week} key=${JSON.stringify(calendar)} calendar=${calendar} />`}
      <//>
    </section>`;
}

function Week({calendar}) {
  const [draft, setDraft] = useDraft('hours');
  const {windows, timeZone} = draft ?? calendar;
  const [error, setError] = useState(null);
  const [editing, setEditing] = useState(Boolean(draft));
  const week = useRef(null);
  const changed = draft !== null;
  const edit = (part) => setDraft({windows, timeZone, ...part});
  const change = (index, part) => edit({windows: windows.map((window, i) => (i === index ? {...window, ...part} : window))});
  const errors = {...windowErrors(windows), ...(error ? serverErrors(error) : {})};
  const save = async () => {
    const [wrong] = Object.keys(windowErrors(windows));
    if (wrong) return week.current.querySelector(`[data-window="${wrong}"] input`).focus();
    try {
      await call('PUT', '/api/availability', {timeZone, windows});
      setError(null);
      setDraft(null);
      toast('Your hours are saved.');
      await reload('hours', 'plan');
    } catch (fault) {
      setError(fault);
    }
  };
  return html`
    <p class="lead">${calendar.isDefault ? 'You have not set your hours. Until you do, we assume these.' : 'Plans keep to these hours.'}</p>
    <div class="hours-summary card" data-editing=${editing}>
      <ul>${summaryOf(windows).map(({days, hours}) => html`<li key=${days}><strong>${days}</strong> ${hours}</li>`)}</ul>
      <button type="button" class="button quiet" onClick=${() => setEditing(true)}>Edit</button>
    </div>
    <div class="week card" ref=${week} data-editing=${editing}>
      ${WEEK.map((weekday) => html`
        <${Day} key=${weekday} weekday=${weekday} windows=${windows.map((window, index) => ({...window, index})).filter((window) => window.weekday === weekday)}
          errors=${errors} change=${change} remove=${(index) => edit({windows: windows.filter((_, i) => i !== index)})}
          add=${() => edit({windows: [...windows, {weekday, start: '15:00', end: '18:00'}]})} />`)}
    </div>
    <div class="hours-foot">
      <${Zone} zone=${timeZone} onChange=${(zone) => edit({timeZone: zone})} />
      <span class="hours-actions">
        ${changed && html`<span class="unsaved" role="status">Not saved yet</span><button type="button" class="button quiet" onClick=${() => { setDraft(null); setError(null); }}>Discard</button>`}
        <${BusyButton} onPress=${save} disabled=${!changed && !calendar.isDefault}>Save the hours<//>
      </span>
    </div>
    <p class="form-error" role="alert">${error && !Object.keys(serverErrors(error)).length && html`<${ErrorMessage} error=${error} />`}</p>`;
}

/** Return a sentence for each window that ends before it starts, by its index. */
export function windowErrors(windows) {
  const wrong = windows.map(({weekday, start, end}, index) => [index, end > start ? '' : `${dayName(weekday)}: ${timeOfDay(start)} to ${timeOfDay(end)} must end after it starts, on the same day.`]);
  return Object.fromEntries(wrong.filter(([, message]) => message));
}

/** Return the server's errors that belong to a window, by its index. */
function serverErrors(error) {
  const found = fieldErrors(error).map(({field, message}) => [/^windows[.[](\d+)/.exec(field)?.[1], message]);
  return Object.fromEntries(found.filter(([index]) => index !== undefined));
}

/** Return the week in as few lines as possible: days with the same hours stand together. */
export function summaryOf(windows) {
  const hoursOf = (weekday) => windows.filter((window) => window.weekday === weekday).map(({start, end}) => `${timeOfDay(start)}–${timeOfDay(end)}`).join(', ') || 'no time';
  const runs = [];
  for (const weekday of WEEK) {
    const hours = hoursOf(weekday);
    if (runs.at(-1)?.hours === hours) runs.at(-1).last = weekday;
    else runs.push({first: weekday, last: weekday, hours});
  }
  const name = (weekday) => dayName(weekday, 'short');
  return runs.map(({first, last, hours}) => ({days: first === last ? name(first) : `${name(first)}${last - first > 1 ? '–' : ', '}${name(last)}`, hours}));
}

function Day({weekday, windows, errors, change, remove, add}) {
  const name = dayName(weekday);
  return html`
    <div class="day" role="group" aria-label=${name}>
      <span class="day-name">${name}</span>
      <span class="day-bar" aria-hidden="true">
        ${windows.map(({start, end, index}) => html`<span key=${index} style=${`inset-inline-start: ${share(start)}%; inset-inline-end: ${100 - share(end)}%`}></span>`)}
      </span>
      <span class="day-windows">
        ${windows.map(({start, end, index}) => html`
          <span key=${index} class="window" data-window=${index}>
            <input type="time" aria-label=${`${name}, from`} value=${start} required aria-invalid=${errors[index] ? 'true' : undefined} onChange=${(event) => change(index, {start: event.target.value})} />
            <span aria-hidden="true">–</span>
            <input type="time" aria-label=${`${name}, until`} value=${end} required aria-invalid=${errors[index] ? 'true' : undefined} onChange=${(event) => change(index, {end: event.target.value})} />
            <button type="button" class="icon-button" aria-label=${`${name}: remove ${start} to ${end}`} onClick=${(event) => { const {parentElement} = event.currentTarget.parentElement; remove(index); setTimeout(() => parentElement.querySelector('.icon-button:last-child').focus()); }}><${Icon} name="cross" size="16" /></button>
          </span>`)}
        <button type="button" class="icon-button" aria-label=${`${name}: add hours`} title="Add hours" onClick=${add}><${Icon} name="plus" size="18" /></button>
      </span>
      ${windows.filter(({index}) => errors[index]).map(({index}) => html`<p key=${index} class="field-error day-error" role="alert">${errors[index]}</p>`)}
    </div>`;
}

function Zone({zone, onChange}) {
  const [zones, setZones] = useState([zone]);
  useEffect(() => setZones([...new Set([zone, ...Intl.supportedValuesOf('timeZone')])]), []);
  const own = readersZone();
  return html`
    <label class="zone">Time zone
      <select value=${zone} onChange=${(event) => onChange(event.target.value)}>${zones.map((name) => html`<option key=${name} value=${name}>${name.replaceAll('_', ' ')}</option>`)}</select>
      ${own !== zone && html`<button type="button" class="link" onClick=${() => onChange(own)}>Use ${zoneName(own)}, as on this device</button>`}
    </label>`;
}

/** Return the position of a time in the drawn day, in percent. */
function share(time) {
  const [hour, minute] = time.split(':').map(Number);
  return Math.max(0, Math.min(100, ((hour + minute / 60 - DAWN) / (DUSK - DAWN)) * 100));
}
