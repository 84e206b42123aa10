import {reload} from '../data.js';
import {Confirm} from './confirm.js';
import {ScheduleDialog} from './schedule.js';
import {BusyButton, Chip, UserText, toast, toastError} from '../../shared/components/controls.js';
import {config} from '../../shared/config.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';
import {rangeOf, readersZone} from '../times.js';

const STANDING = {
  approved: {word: 'Coming', tone: 'good'},
  pending: {word: 'Not answered', tone: 'busy'},
  rejected: {word: 'Declined', tone: 'calm'},
  left: {word: 'Not coming', tone: 'calm'},
};
const STATUS = {closed: {word: 'No more guests', tone: 'calm'}, cancelled: {word: 'Cancelled', tone: 'bad'}};

/** One playdate: its time and location, the families that come, and the acts of the reader. */
export function PlaydateCard({playdate, isHost = false, part, isOver = false, children}) {
  const families = (playdate.participants ?? []).filter(({status}) => status === 'approved' || status === 'pending');
  const state = STATUS[playdate.status];
  return html`
    <li class="playdate card" data-playdate=${playdate.id}>
      <div class="playdate-head"><h3><${UserText}>${playdate.title}<//></h3>${state && html`<${Chip} tone=${state.tone}>${state.word}<//>`}${part && html`<${Chip} tone=${STANDING[part.status].tone}>${part.status === 'pending' ? 'Waits for the host' : STANDING[part.status].word}<//>`}</div>
      <${Facts} playdate=${playdate} />
      ${playdate.description && html`<p class="playdate-text"><${UserText}>${playdate.description}<//></p>`}
      <ul class="playdate-families" aria-label="Families">
        ${families.map((family) => html`<li key=${family.id}><${Family} family=${family} isHost=${isHost} playdate=${playdate} isOver=${isOver} /></li>`)}
      </ul>
      ${part?.decisionNote && html`<p class="playdate-note">“<${UserText}>${part.decisionNote}<//>”</p>`}
      <div class="playdate-actions">
        ${children}
        ${!isOver && (isHost || part?.status === 'approved') && html`<a class="button quiet" href=${`${config.apiUrl}/api/playdates/${playdate.id}.ics`} download>Add to calendar</a>`}
        ${!isOver && isHost && html`<${HostActs} playdate=${playdate} />`}
        ${!isOver && part && html`<${Leave} playdate=${playdate} label=${part.status === 'pending' ? 'Withdraw' : 'Cannot come'} />`}
      </div>
    </li>`;
}

function Facts({playdate}) {
  const {day, date, hours} = rangeOf({startsAt: playdate.startTime, endsAt: playdate.endTime, timeZone: readersZone()});
  const seats = playdate.maxGuests && `${playdate.maxGuests} ${playdate.maxGuests === 1 ? 'family' : 'families'} at most`;
  return html`
    <p class="playdate-when"><time datetime=${playdate.startTime}>${day} ${date}, ${hours}</time></p>
    <p class="playdate-where"><${UserText}>${playdate.locationName}<//> · <${UserText}>${playdate.activity}<//>${seats && ` · ${seats}`}</p>`;
}

function Family({family, isHost, playdate, isOver}) {
  const kids = (family.kids ?? []).map(({name, age}) => `${name}, ${age || 'under 1'}`).join('; ');
  const {word, tone} = family.role === 'host' ? {word: 'Host', tone: 'good'} : STANDING[family.status];
  return html`
    <span class="playdate-family"><strong><${UserText}>${family.user.name}<//></strong>${kids && html` <span class="playdate-kids"><${UserText}>${kids}<//></span>`}</span>
    <${Chip} tone=${tone}>${word}<//>
    ${isHost && !isOver && family.role === 'guest' && family.status === 'approved' && html`<${BusyButton} className="link" aria-label=${`Take off: ${family.user.name}`} onPress=${() => decide(playdate, family, 'rejected')}>Take off<//>`}`;
}

function HostActs({playdate}) {
  const [open, setOpen] = useState(/** @type {'move' | 'cancel' | null} */ (null));
  const close = () => setOpen(null);
  const cancel = async () => {
    await act('PATCH', `/api/playdates/${playdate.id}`, {status: 'cancelled'}, 'The playdate is cancelled. Everybody who was asked hears of it.');
    close();
  };
  return html`
    <button type="button" class="button quiet" onClick=${() => setOpen('move')} aria-label=${`Change ${playdate.title}`}>Change…</button>
    <button type="button" class="button quiet" onClick=${() => setOpen('cancel')} aria-label=${`Cancel ${playdate.title}`}>Cancel…</button>
    ${open === 'move' && html`<${ScheduleDialog} playdate=${playdate} close=${close} />`}
    ${open === 'cancel' && html`<${Confirm} title="Cancel this playdate?" action="Cancel the playdate" stay="Keep it" onConfirm=${cancel} close=${close}><p>Every family that was asked hears of it. It cannot be undone.</p><//>`}`;
}

function Leave({playdate, label}) {
  return html`<${BusyButton} className="button quiet" aria-label=${`${label}: ${playdate.title}`} onPress=${() => act('POST', `/api/playdates/${playdate.id}/leave`, {})}>${label}<//>`;
}

/** A question to the family: an invitation or a new time (`part`), or another family's wish to join (`guest`). */
export function Question({playdate, part, guest}) {
  const [reasons, setReasons] = useState(null);
  const name = guest ? guest.user.name : playdate.host.name;
  const ask = async () => {
    try {
      setReasons((await call('GET', `/api/playdates/${playdate.id}/audit/${guest.id}`)).audit);
    } catch (error) {
      toastError(error);
    }
  };
  return html`
    <li class="playdate question card" data-question=${part ? 'invitation' : 'request'}>
      <h3><${UserText}>${name}<//> ${part ? 'asks whether you can come' : 'would like to join'}: <${UserText}>${playdate.title}<//></h3>
      <${Facts} playdate=${playdate} />
      ${guest?.kids && html`<p class="playdate-kids">With ${guest.kids.map(({name: kid, age}) => `${kid}, ${age || 'under 1'}`).join('; ')}</p>`}
      ${reasons && html`<ul class="reasons">${reasons.factors.map(({label, detail, tone}) => html`<li key=${label} data-tone=${tone}>${detail}</li>`)}</ul>`}
      <div class="playdate-actions">
        ${part && html`
          <${BusyButton} aria-label=${`Join ${playdate.title}`} onPress=${() => act('POST', `/api/playdates/${playdate.id}/join`, {})}>Join<//>
          <${BusyButton} className="button quiet" aria-label=${`Decline ${playdate.title}`} onPress=${() => act('POST', `/api/playdates/${playdate.id}/leave`, {})}>Decline<//>`}
        ${guest && html`
          <${BusyButton} aria-label=${`Welcome ${name}`} onPress=${() => decide(playdate, guest, 'approved')}>Welcome<//>
          <${BusyButton} className="button quiet" aria-label=${`Decline ${name}`} onPress=${() => decide(playdate, guest, 'rejected')}>Decline<//>
          ${!reasons && html`<${BusyButton} className="button quiet" aria-label=${`More about them: ${name}`} onPress=${ask}>More about them<//>`}`}
      </div>
    </li>`;
}

function decide(playdate, guest, status) {
  return act('PATCH', `/api/playdates/${playdate.id}/participants/${guest.id}`, {status});
}

/**
 * Send an act, show its message or its error, and read the playdates again.
 * @param {any} method
 * @param {any} path
 * @param {any} body
 */
async function act(method, path, body, message = '') {
  try {
    const answer = /** @type {any} */ (await call(method, path, body));
    toast(message || answer.message);
  } catch (error) {
    toastError(error);
  }
  await reload('playdates', 'openPlaydates');
}
