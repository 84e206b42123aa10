import {reload, useResource} from '../data.js';
import {Empty, Loaded, UserText} from '../../shared/components/controls.js';
import {Linked} from '../components/linked.js';
import {ScheduleDialog} from '../components/schedule.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {matchText} from '../texts.js';
import {ago, exact, rangeOf} from '../times.js';

/** The matches with each friend, newest first. */
export function Inbox({id}) {
  const state = useResource('inbox');
  return html`
    <div class="view">
      <header class="view-head"><h1>Inbox</h1><p>When two families become friends, we match their kids and find a time. The result arrives here by itself.</p></header>
      <${Linked} id=${id} things=${state.value} what="match" />
      <${Loaded} state=${state} rows=${2} retry=${() => reload('inbox')}
        empty=${html`<${Empty} icon="inbox" title="Nothing has arrived yet">Accept a friend, or let one accept you: both families get their matches at the same moment.<//>`}>
        ${(items) => html`<ol class="match-cards">${items.map((item) => html`<${MatchCard} key=${item.id} item=${item} />`)}</ol>`}
      <//>
    </div>`;
}

function MatchCard({item: {id, result, updatedAt}}) {
  return html`
    <li class="match-card card" data-recommendation=${id} data-thing=${id} tabindex="-1">
      <div class="match-card-head">
        <span class="avatar" aria-hidden="true">${[...(result.friendName ?? '')][0]}</span>
        <div><h2 dir="auto">${result.headline}</h2></div>
        <a class="match-link" href=${`#inbox/${id}`} title="A link to this match"><time datetime=${updatedAt} title=${exact(updatedAt)}>${ago(updatedAt)}</time></a>
      </div>
      <ul class="matches">
        ${(result.recommendations ?? []).map((match) => html`<${Match} key=${`${match.kidId}${match.matchName}`} match=${match} friend=${result.friendId} />`)}
      </ul>
    </li>`;
}

function Match({match, friend}) {
  const [inviting, setInviting] = useState(false);
  const share = Math.max(0, Math.min(1, match.compatibilityScore / 20));
  return html`
    <li class="match">
      <p class="match-pair"><strong><${UserText}>${match.kidName}<//></strong><span aria-label="with">+</span><strong><${UserText}>${match.matchName}<//></strong></p>
      <p class="match-what"><${UserText}>${match.matchActivity}<//></p>
      <p class="match-slot">${match.startsAt ? html`<${When} range=${match} />` : match.suggestedSlot}</p>
      <p class="match-score"><span class="meter" aria-hidden="true"><span style=${`inline-size: ${share * 100}%`}></span></span>${matchText(match.compatibilityScore)}</p>
      ${match.startsAt && html`<button type="button" class="button quiet match-invite" aria-label=${`Invite ${match.matchName} to a playdate`} onClick=${() => setInviting(true)}>Invite…</button>`}
      ${inviting && html`<${ScheduleDialog} match=${match} friend=${friend} close=${() => setInviting(false)} />`}
    </li>`;
}

/** A time range in the reader's form. */
export function When({range}) {
  const {day, date, hours, zone} = rangeOf(range);
  return html`<time datetime=${range.startsAt}>${day} ${date}, ${hours}${zone && ` (${zone})`}</time>`;
}
