import {reload, useResource} from '../data.js';
import {PlaydateCard, Question} from '../components/playdate.js';
import {ScheduleDialog} from '../components/schedule.js';
import {BusyButton, Empty, Loaded, toast, toastError} from '../../shared/components/controls.js';
import {Icon} from '../../shared/components/icons.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';

/** The playdates of a family: questions to answer, those it hosts, those it goes to, and those of friends. */
export function Playdates() {
  const [asking, setAsking] = useState(false);
  const mine = useResource('playdates');
  const open = useResource('openPlaydates');
  return html`
    <div class="view">
      <header class="view-head"><h1>Playdates</h1><p>Invite a friend's family, or join one. Both say yes, and everybody is reminded on the evening before.</p></header>
      <button type="button" class="button" onClick=${() => setAsking(true)}><${Icon} name="plus" size="18" />Schedule a playdate</button>
      ${asking && html`<${ScheduleDialog} close=${() => setAsking(false)} />`}
      <${Loaded} state=${mine} rows=${2} retry=${() => reload('playdates')}>${(all) => html`<${Mine} all=${all} />`}<//>
      <${Loaded} state=${open} rows=${1} retry=${() => reload('openPlaydates')}>${(all) => html`<${Friends} all=${all} joined=${mine.value?.joined ?? []} />`}<//>
    </div>`;
}

function Mine({all: {hosted, joined}}) {
  const questions = questionsOf(hosted, joined);
  const ahead = (playdate) => playdate.status !== 'cancelled' && Date.parse(playdate.endTime) > Date.now();
  const going = joined.filter(({status, awaits, playdate}) => (status === 'approved' || (status === 'pending' && awaits === 'host')) && ahead(playdate));
  const over = [...hosted, ...joined.filter(({status}) => status === 'approved').map((part) => ({...part.playdate, participants: part.participants}))].filter((playdate) => !ahead(playdate));
  const nothing = questions.length + hosted.length + joined.length === 0;
  return html`
    ${nothing && html`<${Empty} icon="sun" title="No playdates yet">Schedule one, or invite a family from a match in your inbox.<//>`}
    ${questions.length > 0 && html`<${List} id="questions" title="Needs you">${questions.map((question) => html`<${Question} key=${question.key} ...${question} />`)}<//>`}
    ${hosted.some(ahead) && html`<${List} id="hosted" title="You host">${hosted.filter(ahead).map((playdate) => html`<${PlaydateCard} key=${playdate.id} playdate=${playdate} isHost=${true} />`)}<//>`}
    ${going.length > 0 && html`<${List} id="joined" title="You go to">${going.map((part) => html`<${PlaydateCard} key=${part.playdateId} playdate=${{...part.playdate, participants: part.participants}} part=${part} />`)}<//>`}
    ${over.length > 0 && html`<${List} id="over" title="The last four weeks">${over.map((playdate) => html`<${PlaydateCard} key=${playdate.id} playdate=${playdate} isOver=${true} />`)}<//>`}`;
}

function List({id, title, children}) {
  return html`<section data-playdates=${id}><h2 tabindex="-1">${title}</h2><ul class="playdates">${children}</ul></section>`;
}

/** Playdates of friends that the family has no part in. */
function Friends({all, joined}) {
  const known = new Set(joined.filter(({status}) => status !== 'left').map(({playdateId}) => playdateId));
  const shown = all.filter(({id}) => !known.has(id));
  if (shown.length === 0) return null;
  const join = (playdate) => async () => {
    try {
      toast((await call('POST', `/api/playdates/${playdate.id}/join`, {})).message);
    } catch (error) {
      toastError(error);
    }
    await reload('playdates', 'openPlaydates');
  };
  return html`
    <${List} id="open" title="Playdates of your friends">
      ${shown.map((playdate) => html`
        <${PlaydateCard} key=${playdate.id} playdate=${playdate}>
          <${BusyButton} onPress=${join(playdate)} aria-label=${`Ask to join ${playdate.title}`}>Ask to join<//>
        <//>`)}
    <//>`;
}

const isQuestion = (awaits, playdate) => awaits === 'guest' && playdate.status !== 'cancelled' && Date.parse(playdate.endTime) > Date.now();

/** Return the questions to the family: invitations and new times, and requests to join its own playdates. */
export function questionsOf(hosted, joined) {
  const invitations = joined.filter(({status, awaits, playdate}) => status === 'pending' && isQuestion(awaits, playdate))
    .map((part) => ({key: `invitation-${part.playdateId}`, playdate: part.playdate, part}));
  const requests = hosted.filter(({status, endTime}) => status !== 'cancelled' && Date.parse(endTime) > Date.now()).flatMap((playdate) => playdate.participants
    .filter(({status, awaits}) => status === 'pending' && awaits === 'host')
    .map((guest) => ({key: `request-${guest.id}`, playdate, guest})));
  return [...invitations, ...requests];
}
