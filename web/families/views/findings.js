import {reload, useResource, wanted} from '../data.js';
import {Empty, Loaded} from '../../shared/components/controls.js';
import {Icon} from '../../shared/components/icons.js';
import {useStore} from '../../shared/store.js';
import {html} from '../../shared/vendor/preact.js';
import {kilometres} from '../texts.js';

const again = (name) => () => reload(name);

/** The plan: suggested playdates in order of time. */
export function Plan() {
  const state = useResource('plan');
  return html`
    <section class="card plan" aria-labelledby="plan-title">
      <h2 id="plan-title">The plan</h2>
      <${Loaded} state=${state} rows=${3} retry=${again('plan')}
        empty=${html`<${Empty} icon="clock" title="No plan yet">Set your playdate point: the free hours of your kids and their friends are compared for the next two weeks.<//>`}>
        ${(plan) => html`<${Suggestions} plan=${plan?.availabilityPlan} />`}
      <//>
    </section>`;
}

function Suggestions({plan}) {
  const suggestions = plan?.suggestions ?? [];
  return html`
    <p class="lead">${plan?.message ?? 'Planning is switched off at the moment.'}</p>
    <ul class="slots">
      ${suggestions.map((slot, i) => html`
        <li key=${i} class="slot">
          <p class="slot-when"><span class="slot-day">${slot.suggestedDay}</span><span>${slot.suggestedSlot}</span>${slot.startsAt && html`<span class="slot-date">${dateOf(slot)}</span>`}</p>
          <div>
            <p class="slot-kid">${slot.kidName}</p>
            <p class="slot-hint">${slot.activityHint}</p>
            ${slot.reason && html`<p class="slot-why">${slot.reason}</p>`}
          </div>
        </li>`)}
    </ul>`;
}

/** Return the date of a suggestion in its own time zone. */
function dateOf({startsAt, timeZone}) {
  return new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'long', timeZone}).format(new Date(startsAt));
}

/** Notes on the meeting point; while they are being written, the text so far. */
export function Insight({working}) {
  const state = useResource('plan');
  const growing = working?.progress?.data?.narrative;
  return html`
    <section class="card insight" aria-labelledby="insight-title">
      <h2 id="insight-title">Good to know there</h2>
      ${growing && html`<p class="lead growing" aria-live="off">${growing}</p>`}
      <${Loaded} state=${state} rows=${4} retry=${again('plan')}
        empty=${html`<${Empty} icon="spark" title="A fresh look at the place">Season, daylight and ideas for exactly that spot appear with the plan.<//>`}>
        ${(plan) => html`<${Ideas} insight=${plan?.localInsight} />`}
      <//>
    </section>`;
}

function Ideas({insight}) {
  if (!insight) return html`<p class="lead">Nothing was looked up for this point.</p>`;
  return html`
    <p class="insight-headline">${insight.headline}</p>
    <p class="lead">${insight.summary}</p>
    ${insight.facts && html`<${Facts} facts=${insight.facts} />`}
    <ul class="ideas">
      ${(insight.actions ?? []).map((action, i) => html`
        <li key=${i}><${Icon} name="spark" size="18" /><div><p class="idea-label">${action.label}</p><p class="idea-text">${action.description}</p></div></li>`)}
    </ul>`;
}

/** The figures behind the notes. */
function Facts({facts}) {
  const shown = [
    ['Daylight', `${facts.daylightHours} h`],
    ['Sunrise', facts.sunrise],
    ['Sunset', facts.sunset],
    ['Next day off', facts.holidays?.[0]?.name],
  ].filter(([, value]) => value);
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const SORTS = {popularity: 'Most kids', distance: 'Nearest', alphabetical: 'A–Z'};

/** Favourite activities of friends' kids, and the nearest friend for each. */
export function Leaderboard() {
  const state = useResource('recommendations');
  return html`
    <section class="card board" aria-labelledby="board-title">
      <div class="card-head">
        <h2 id="board-title">What friends love</h2>
        <${Sorts} />
      </div>
      <${Loaded} state=${state} rows=${4} retry=${again('recommendations')}>
        ${({leaderboard, playmates}) => (leaderboard.length === 0
          ? html`<${Empty} icon="friends" title="No friends' kids yet">Ask another family: their kids' favourite activities show up here, nearest first if you like.<//>`
          : html`<${Board} items=${leaderboard} /><${Playmates} all=${playmates ?? []} />`)}
      <//>
    </section>`;
}

function Sorts() {
  const now = useStore(wanted).sort;
  return html`
    <div class="segments small" role="group" aria-label="Order">
      ${Object.entries(SORTS).map(([sort, name]) => html`
        <button key=${sort} type="button" aria-pressed=${sort === now} onClick=${() => want({sort})}>${name}</button>`)}
    </div>`;
}

/** Change the filter or the order; an empty value removes a condition. */
function want(change) {
  const next = Object.entries({...wanted.get(), ...change}).filter(([, value]) => value !== undefined && value !== '');
  wanted.set(Object.fromEntries(next));
}

function Board({items}) {
  const {activity: chosen} = useStore(wanted);
  const most = Math.max(...items.map(({kidCount}) => kidCount));
  return html`
    <ol class="board-list">
      ${items.map((item) => html`
        <li key=${item.activity}>
          <button type="button" class="board-item" aria-pressed=${item.activity === chosen} title="Show only these playmates"
            onClick=${() => want({activity: item.activity === chosen ? undefined : item.activity})}>
            <span class="board-activity">${item.activity}</span>
            <span class="board-count">${item.kidCount} ${item.kidCount === 1 ? 'kid' : 'kids'}</span>
            <span class="board-bar" aria-hidden="true"><span style=${`inline-size: ${(item.kidCount / most) * 100}%`}></span></span>
            <span class="board-near">${item.friendName}${item.avgDistanceKm === null || item.avgDistanceKm === undefined ? '' : `, ${kilometres(item.avgDistanceKm)}`}</span>
          </button>
        </li>`)}
    </ol>`;
}

const AGES = Array.from({length: 18}, (_, age) => age);

function Playmates({all}) {
  const {activity, minAge = '', maxAge = ''} = useStore(wanted);
  const age = (name, value, label, none) => html`
    <select aria-label=${label} value=${value} onChange=${(event) => want({[name]: event.target.value})}>
      <option value="">${none}</option>${AGES.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
    </select>`;
  return html`
    <div class="playmates-head">
      <h3>Playmates${activity ? html`<span class="playmates-for"> for ${activity}</span>` : ''}</h3>
      <span class="ages">Ages ${age('minAge', minAge, 'Youngest', 'any')} to ${age('maxAge', maxAge, 'Oldest', 'any')}</span>
    </div>
    <ul class="playmates">
      ${all.map((kid) => html`<li key=${kid.kidId}><strong>${kid.kidName}</strong>, ${kid.age}<span>${kid.favoriteActivity} · with ${kid.guardianName}</span></li>`)}
      ${all.length === 0 && html`<li class="none">No friend's kid fits.</li>`}
    </ul>`;
}
