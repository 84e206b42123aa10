import {useResource} from '../data.js';
import {Empty, Loaded} from '../../shared/components/controls.js';
import {html} from '../../shared/vendor/preact.js';
import {clock} from '../texts.js';

/** The matches with each friend, newest first. */
export function Inbox() {
  const state = useResource('inbox');
  return html`
    <div class="view">
      <header class="view-head"><h1>Inbox</h1><p>When two families become friends, their kids are matched and a time is found. It lands here by itself.</p></header>
      <${Loaded} state=${state} rows=${2}
        empty=${html`<${Empty} icon="inbox" title="Nothing has arrived yet">Accept a friend, or let one accept you: both families get their matches at the same moment.<//>`}>
        ${(items) => html`<ol class="match-cards">${items.map((item) => html`<${MatchCard} key=${item.id} item=${item} />`)}</ol>`}
      <//>
    </div>`;
}

function MatchCard({item: {id, result, updatedAt}}) {
  return html`
    <li class="match-card card" data-recommendation=${id}>
      <div class="match-card-head">
        <span class="avatar" aria-hidden="true">${result.friendName?.slice(0, 1)}</span>
        <div><h2>${result.headline}</h2>${result.message && html`<p>${result.message}</p>`}</div>
        <time datetime=${updatedAt}>${clock(updatedAt)}</time>
      </div>
      <ul class="matches">
        ${(result.recommendations ?? []).map((match) => html`<${Match} key=${`${match.kidId}${match.matchName}`} match=${match} />`)}
      </ul>
    </li>`;
}

function Match({match}) {
  const share = Math.max(0, Math.min(1, match.compatibilityScore / 20));
  return html`
    <li class="match">
      <p class="match-pair"><strong>${match.kidName}</strong><span aria-label="with">+</span><strong>${match.matchName}</strong></p>
      <p class="match-what">${match.matchActivity}</p>
      <p class="match-slot">${match.suggestedSlot}</p>
      <p class="match-score" title="Compatibility, of 20"><span class="meter" aria-hidden="true"><span style=${`inline-size: ${share * 100}%`}></span></span>${match.compatibilityScore}<span class="visually-hidden"> of 20</span></p>
    </li>`;
}
