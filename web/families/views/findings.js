import {reload, useResource, wanted} from '../data.js';
import {call, client} from '../session.js';
import {BusyButton, Empty, Loaded, UserText, toastError} from '../../shared/components/controls.js';
import {Icon} from '../../shared/components/icons.js';
import {useStore} from '../../shared/store.js';
import {html} from '../../shared/vendor/preact.js';
import {ageText, kilometres} from '../texts.js';
import {rangeOf} from '../times.js';

const again = (name) => () => reload(name);

/** Distances between which a family chooses its reach (km). */
const REACHES = [5, 10, 15, 25, 50, 100];

/** The plan: suggested playdates in order of time. */
export function Plan({hasPoint}) {
  const state = useResource('plan');
  const {value} = state;
  return html`
    <section class="card plan" aria-labelledby="plan-title" data-state=${value?.state}>
      <div class="card-head">
        <h2 id="plan-title">The plan</h2>
        ${value && value.state !== 'off' && html`<${PlanButton} plan=${value} hasPoint=${hasPoint} />`}
      </div>
      <${Loaded} state=${state} rows=${3} retry=${again('plan')}>
        ${(plan) => html`<${PlanText} plan=${plan} hasPoint=${hasPoint} /><${Suggestions} plan=${plan} /><${Reach} plan=${plan} />`}
      <//>
    </section>`;
}

function PlanButton({plan, hasPoint}) {
  const make = async () => {
    try {
      const {taskId} = await call('POST', '/api/plan');
      await client.task(taskId).refresh();
    } catch (error) {
      if (error.status !== 409) toastError(error); // another tab has started it
    }
    await reload('plan');
  };
  const planning = plan.state === 'planning';
  return html`<${BusyButton} className="button quiet" onPress=${make} disabled=${planning || !hasPoint}>${planning ? 'Planning…' : plan.state === 'none' ? 'Plan now' : 'Plan again'}<//>`;
}

/** Return the sentence for each state of the plan. */
export function planText({state, message}, hasPoint) {
  if (state === 'off') return 'We have paused planning for everybody. Your point, hours and friends are kept.';
  if (state === 'none') return hasPoint ? 'There is no plan yet. Press “Plan now”.' : 'There is no plan yet. Set your playdate point first: we compare the free hours of your kids and their friends for the next two weeks.';
  if (state === 'planning') return message ? 'We are planning again. This is the plan until then.' : 'We are planning.';
  if (state === 'stale') return 'Your hours, kids, friends or the day have changed since this plan was made. Plan again to include the change.';
  return message;
}

function PlanText({plan, hasPoint}) {
  return html`<p class="lead" role="status">${planText(plan, hasPoint)}</p>`;
}

function Suggestions({plan: {suggestions}}) {
  return html`
    <ul class="slots">
      ${suggestions.map((slot, i) => html`
        <li key=${i} class="slot" data-friend=${slot.friendName}>
          <p class="slot-when">${slot.startsAt ? html`<${SlotTime} slot=${slot} />` : html`<span class="slot-day">${slot.suggestedDay}</span><span>${slot.suggestedSlot}</span>`}</p>
          <div>
            <p class="slot-kid"><${UserText}>${slot.kidName}<//></p>
            <p class="slot-hint"><${UserText}>${slot.activityHint}<//></p>
            ${slot.reason && html`<p class="slot-why"><${UserText}>${slot.reason}<//></p>`}
            ${slot.distanceKm != null && html`<p class="slot-distance"><${UserText}>${slot.friendName}<//> is ${kilometres(slot.distanceKm)} away.</p>`}
          </div>
        </li>`)}
    </ul>`;
}

function SlotTime({slot}) {
  const {day, date, hours, zone} = rangeOf(slot);
  return html`<span class="slot-day">${day}</span><time datetime=${slot.startsAt}>${hours}</time><span class="slot-date">${date}</span>${zone && html`<span class="slot-zone">${zone}</span>`}`;
}

/** How far the family travels, and the friends beyond it. */
function Reach({plan: {reachKm, tooFar}}) {
  const choose = async (event) => {
    try {
      await call('PATCH', '/api/plan', {reachKm: Number(event.target.value)});
    } catch (error) {
      toastError(error);
    }
    await reload('plan');
  };
  const choices = [...new Set([...REACHES, reachKm])].sort((a, b) => a - b);
  return html`
    <div class="reach">
      <label>We travel up to <select value=${String(reachKm)} onChange=${choose}>${choices.map((km) => html`<option key=${km} value=${String(km)}>${km} km</option>`)}</select></label>
      ${tooFar.length > 0 && html`
        <p class="too-far">Too far for an afternoon: ${tooFar.map(({friendId, friendName, distanceKm}, i) => html`${i > 0 && ', '}<span key=${friendId}><${UserText}>${friendName}<//> (${kilometres(distanceKm)})</span>`)}</p>`}
    </div>`;
}

/** Notes on the meeting point; while they are being written, the text so far. */
export function Insight({working}) {
  const state = useResource('insight');
  const growing = working?.progress?.data?.narrative;
  return html`
    <section class="card insight" aria-labelledby="insight-title">
      <h2 id="insight-title">Good to know there</h2>
      ${growing && html`<p class="lead growing" aria-live="off">${growing}</p>`}
      <${Loaded} state=${state} rows=${4} retry=${again('insight')}
        empty=${html`<${Empty} icon="spark" title="Notes on your point">Season, daylight and ideas for exactly that spot appear with the plan.<//>`}>
        ${(insight) => html`<${Ideas} insight=${insight} />`}
      <//>
    </section>`;
}

function Ideas({insight}) {
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
            <span class="board-activity"><${UserText}>${item.activity}<//></span>
            <span class="board-count">${item.kidCount} ${item.kidCount === 1 ? 'kid' : 'kids'}</span>
            ${most > 1 && html`<span class="board-bar" aria-hidden="true"><span style=${`inline-size: ${(item.kidCount / most) * 100}%`}></span></span>`}
            <span class="board-near"><${UserText}>${item.friendName}<//>${item.avgDistanceKm === null || item.avgDistanceKm === undefined ? '' : `, ${kilometres(item.avgDistanceKm)}`}</span>
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
      ${all.map((kid) => html`<li key=${kid.kidId}><strong><${UserText}>${kid.kidName}<//></strong>, ${ageText(kid.age)}<span><${UserText}>${kid.favoriteActivity}<//> · with <${UserText}>${kid.guardianName}<//></span></li>`)}
      ${all.length === 0 && html`<li class="none">No friend's kid fits.</li>`}
    </ul>`;
}
