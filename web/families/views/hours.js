import {reload, useResource} from '../data.js';
import {Icon} from '../../shared/components/icons.js';
import {Busy, Fault, Loaded, toast} from '../../shared/components/controls.js';
import {call} from '../session.js';
import {html, useEffect, useState} from '../../shared/vendor/preact.js';

const WEEK = [1, 2, 3, 4, 5, 6, 7];
/** 1 January 2024 was a Monday. */
const dayName = (weekday) => new Intl.DateTimeFormat(undefined, {weekday: 'long'}).format(new Date(2024, 0, weekday));
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
  const [windows, setWindows] = useState(calendar.windows);
  const [zone, setZone] = useState(calendar.timeZone);
  const [fault, setFault] = useState(null);
  const changed = zone !== calendar.timeZone || JSON.stringify(windows) !== JSON.stringify(calendar.windows);
  const change = (index, part) => setWindows(windows.map((window, i) => (i === index ? {...window, ...part} : window)));
  const save = async () => {
    try {
      await call('PUT', '/api/availability', {timeZone: zone, windows});
      setFault(null);
      toast('Your hours are saved.');
      await reload('hours');
    } catch (error) {
      setFault(error);
    }
  };
  return html`
    <p class="lead">${calendar.isDefault ? 'Nobody has set these yet: they are what most families can do.' : 'Plans keep to these hours.'}</p>
    <div class="week card">
      ${WEEK.map((weekday) => html`
        <${Day} key=${weekday} weekday=${weekday} windows=${windows.map((window, index) => ({...window, index})).filter((window) => window.weekday === weekday)}
          change=${change} remove=${(index) => setWindows(windows.filter((_, i) => i !== index))}
          add=${() => setWindows([...windows, {weekday, start: '15:00', end: '18:00'}])} />`)}
    </div>
    <div class="hours-foot">
      <${Zone} zone=${zone} onChange=${setZone} />
      <${Busy} onPress=${save} disabled=${!changed && !calendar.isDefault}>Save the hours<//>
    </div>
    <p class="form-fault" role="alert">${fault && html`<${Fault} error=${fault} />`}</p>`;
}

function Day({weekday, windows, change, remove, add}) {
  const name = dayName(weekday);
  return html`
    <div class="day" role="group" aria-label=${name}>
      <span class="day-name">${name}</span>
      <span class="day-bar" aria-hidden="true">
        ${windows.map(({start, end, index}) => html`<span key=${index} style=${`inset-inline-start: ${share(start)}%; inset-inline-end: ${100 - share(end)}%`}></span>`)}
      </span>
      <span class="day-windows">
        ${windows.map(({start, end, index}) => html`
          <span key=${index} class="window">
            <input type="time" aria-label=${`${name}, from`} value=${start} required onChange=${(event) => change(index, {start: event.target.value})} />
            <span aria-hidden="true">–</span>
            <input type="time" aria-label=${`${name}, until`} value=${end} required onChange=${(event) => change(index, {end: event.target.value})} />
            <button type="button" class="icon-button" aria-label=${`${name}: remove ${start} to ${end}`} onClick=${() => remove(index)}><${Icon} name="cross" size="16" /></button>
          </span>`)}
        <button type="button" class="icon-button" aria-label=${`${name}: add hours`} title="Add hours" onClick=${add}><${Icon} name="plus" size="18" /></button>
      </span>
    </div>`;
}

function Zone({zone, onChange}) {
  const [zones, setZones] = useState([zone]);
  useEffect(() => setZones([...new Set([zone, ...Intl.supportedValuesOf('timeZone')])]), []);
  return html`
    <label class="zone">Time zone
      <select value=${zone} onChange=${(event) => onChange(event.target.value)}>${zones.map((name) => html`<option key=${name} value=${name}>${name.replaceAll('_', ' ')}</option>`)}</select>
    </label>`;
}

/** Return the position of a time in the drawn day, in percent. */
function share(time) {
  const [hour, minute] = time.split(':').map(Number);
  return Math.max(0, Math.min(100, ((hour + minute / 60 - DAWN) / (DUSK - DAWN)) * 100));
}
