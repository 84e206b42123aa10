import {reload, useResource} from '../data.js';
import {Field, toast} from '../../shared/components/controls.js';
import {Form} from '../../shared/components/form.js';
import {html, useLayoutEffect, useRef} from '../../shared/vendor/preact.js';
import {call} from '../session.js';

const HOUR = 3_600_000;

/**
 * A dialog with the fields of a playdate: a new one, one from a match (`match`, `friend`), or a change of one (`playdate`).
 */
export function ScheduleDialog({playdate, match, friend, close}) {
  const dialog = useRef(null);
  const friends = useResource('friends').value ?? [];
  useLayoutEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const element = dialog.current;
    element.showModal();
    return () => {
      element.close(); // the page behind an open dialog takes no focus
      if (before?.isConnected) before.focus();
    };
  }, []);
  const first = beginning(playdate, match);
  const send = async (values, form) => {
    const body = bodyOf(values, [...form.querySelectorAll('input[name="invite"]:checked')].map(({value}) => Number(value)));
    if (playdate) await call('PATCH', `/api/playdates/${playdate.id}`, body);
    else await call('POST', '/api/playdates', body);
    toast(playdate ? 'The playdate is changed.' : body.invite.length ? 'The invitation is sent.' : 'The playdate is scheduled.');
    close();
    await reload('playdates');
  };
  return html`
    <dialog class="dialog schedule" ref=${dialog} aria-labelledby="schedule-title" onCancel=${(event) => { event.preventDefault(); close(); }}>
      <h2 id="schedule-title">${playdate ? 'Change the playdate' : 'Schedule a playdate'}</h2>
      <${Form} submit=${send} action=${playdate ? 'Save' : 'Send'}>
        ${(errors) => html`
          <${Field} label="Title" name="title" required maxlength="120" dir="auto" defaultValue=${first.title} error=${errors.title} />
          <${Field} label="What" name="activity" required maxlength="60" dir="auto" defaultValue=${first.activity} error=${errors.activity} />
          <${Field} label="Where" name="locationName" required maxlength="120" dir="auto" defaultValue=${first.locationName} error=${errors.locationName} />
          <div class="schedule-times">
            <${Field} label="From" name="startTime" type="datetime-local" required defaultValue=${first.startTime} error=${errors.startTime} />
            <${Field} label="To" name="endTime" type="datetime-local" required defaultValue=${first.endTime} error=${errors.endTime} />
          </div>
          <${Field} label="Families at most" name="maxGuests" type="number" min="1" max="50" hint="Empty: as many as like to come." defaultValue=${first.maxGuests} error=${errors.maxGuests} />
          <${Field} label="A note" name="description" maxlength="2000" dir="auto" defaultValue=${first.description} error=${errors.description} />
          ${friends.length > 0 && html`
            <fieldset class="schedule-friends"><legend>Invite</legend>
              ${friends.map(({id, name}) => html`<label key=${id}><input type="checkbox" name="invite" value=${id} defaultChecked=${friend === id} /> <bdi dir="auto">${name}</bdi></label>`)}
            </fieldset>`}`}
      <//>
      <button type="button" class="button quiet wide" onClick=${close}>Back</button>
    </dialog>`;
}

/** Return the first values of the fields. */
function beginning(playdate, match) {
  if (playdate) return {...playdate, startTime: local(playdate.startTime), endTime: local(playdate.endTime), maxGuests: playdate.maxGuests ?? '', description: playdate.description ?? ''};
  const start = match?.startsAt ?? new Date(Math.ceil(Date.now() / HOUR) * HOUR + 24 * HOUR).toISOString();
  const end = match?.endsAt ?? new Date(Date.parse(start) + 2 * HOUR).toISOString();
  const title = match ? `${sentence(match.matchActivity)} with ${match.matchName}` : '';
  return {title, activity: match?.matchActivity ?? '', locationName: '', startTime: local(start), endTime: local(end), maxGuests: '', description: ''};
}

/** Return the request's body: times as instants, an empty number of seats as null. */
export function bodyOf({title, activity, locationName, startTime, endTime, maxGuests, description}, invite) {
  return {
    title, activity, locationName, description: description || null, invite,
    startTime: new Date(startTime).toISOString(), endTime: new Date(endTime).toISOString(),
    maxGuests: maxGuests ? Number(maxGuests) : null,
  };
}

/** Return an instant as the field of a date and a time writes it, on the reader's clock. */
export function local(moment) {
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
