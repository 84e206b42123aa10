import {toast} from '../../shared/components/controls.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {ActionForm, Dialog} from '../components/dialog.js';
import {StaleNotice, Fault, LoadingRows} from '../components/states.js';
import {usePolled} from '../polling.js';
import {call} from '../session.js';
import {exact} from '../texts.js';

/** Recurring tasks of all owners and of the system: pause, resume, delete. */
export function Schedules() {
  const read = usePolled('schedules', (signal) => call('GET', '/ops/schedules?limit=100', undefined, {signal}), {pace: 5_000});
  const {value, error, again} = read;
  const [deleting, setDeleting] = useState(null);
  if (!value) return html`<div class="head"><h1>Schedules</h1></div>${error ? html`<${Fault} error=${error} again=${again} />` : html`<${LoadingRows} />`}`;
  return html`
    <div class="head"><h1>Schedules</h1><p class="head-note">Recurring tasks, the newest 100. The sweeper inserts each run up to 15 minutes ahead.</p></div>
    <${StaleNotice} read=${read} />
    <section class="panel" aria-label="Recurring tasks">
      ${value.items.length === 0 && html`<p class="quiet-line">There is none.</p>`}
      <ul class="flags">${value.items.map((schedule) => html`<${Row} key=${schedule.id} schedule=${schedule} again=${again} remove=${setDeleting} />`)}</ul>
    </section>
    ${deleting && html`<${DeleteDialog} schedule=${deleting} close=${() => setDeleting(null)} done=${again} />`}`;
}

function Row({schedule, again, remove}) {
  const {id, type, paused, owner, declared, nextAt} = schedule;
  const [busy, setBusy] = useState(false);
  const toggle = async () => {
    setBusy(true);
    try {
      await call('POST', `/ops/schedules/${id}/${paused ? 'resume' : 'pause'}`);
      again();
    } catch (error) {
      toast(error.message);
    }
    setBusy(false);
  };
  return html`
    <li data-schedule=${id}>
      <span class="flag-name">${type}</span>
      <span class="chip tone-${paused ? 'plain' : 'good'}">${paused ? 'paused' : 'runs'}</span>
      <span class="flag-text">${rhythmOf(schedule)}, ${declared ? 'declared by its agent' : `owner ${owner}`}${!paused && html` <span class="faint">next at ${exact(nextAt)}</span>`}</span>
      <button type="button" class="button small quiet" aria-label=${`${paused ? 'Resume' : 'Pause'} ${type}`} data-row disabled=${busy} onClick=${toggle}>${paused ? 'Resume' : 'Pause'}</button>
      <button type="button" class="button small quiet" aria-label=${`Delete ${type}`} onClick=${() => remove(schedule)}>Delete…</button>
    </li>`;
}

function DeleteDialog({schedule, close, done}) {
  const remove = async () => {
    await call('DELETE', `/ops/schedules/${schedule.id}`);
    toast(`The schedule of ${schedule.type} is deleted.`);
    done();
  };
  return html`
    <${Dialog} title="Delete this schedule?" close=${close}>
      <p>${schedule.type}, ${rhythmOf(schedule)}. The tasks of its runs stay.${schedule.declared ? ' The next deploy creates it again, because its agent declares it.' : ''}</p>
      <${ActionForm} submit=${remove} action="Delete" tone="bad" close=${close} />
    <//>`;
}

function rhythmOf({cron, every, timeZone}) {
  return cron ? `${cron} in ${timeZone}` : `every ${every} s`;
}
