import {toast} from '../../shared/components/controls.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {ActionForm, Dialog} from '../components/dialog.js';
import {StaleNotice, Fault, LoadingRows} from '../components/states.js';
import {usePolled} from '../polling.js';
import {call} from '../session.js';
import {ago, exact, flagText, rolloutText} from '../texts.js';

/** The prefix of the flags that park a task type. */
const SWITCH = 'task.';
/** Parts of agents that a flag switches, as a sentence each. */
const FEATURES = {
  availability_agent: 'Plans playdates from free hours. Off: families keep their last plan and get no new one.',
  local_insight_agent: 'Writes the notes on a meeting point. Off: a new point gets no notes.',
  insight_narrative: 'Lets a language model write the summary of a point. Off: the summary is put together from facts.',
  amazon_places: 'Asks Amazon Location for places near a point. Off: the page names none.',
};
/** Types on which the rights of people hang: switching them off is asked for twice. */
const RIGHTS = {'task.account.forget': 'People have a right to the erasure of their data. While this is off, no account is erased.'};

/** Return one sentence about a flag. */
export function sentenceOf({name}) {
  if (RIGHTS[name]) return RIGHTS[name];
  if (name.startsWith(SWITCH)) return `Off: tasks of type ${name.slice(SWITCH.length)} wait, and run once it is on again.`;
  return FEATURES[name] ?? '';
}

const STATES = {
  COMPLETE: 'in force everywhere',
  DEPLOYING: 'on its way',
  BAKING: 'everywhere, watched by an alarm',
  VALIDATING: 'being checked',
  ROLLING_BACK: 'being rolled back',
  NONE: 'never deployed',
};

/** Feature flags: each flag's setting, and the switches that park a task type. */
export function Flags() {
  const read = usePolled('flags', (signal) => call('GET', '/ops/flags', undefined, {signal}), {pace: 5_000});
  const {value, error, again} = read;
  const [changing, setChanging] = useState(null);
  const [aborting, setAborting] = useState(null);
  if (!value) {
    const none = error?.status === 404 && html`<p class="quiet-line">${error.message}</p>`;
    return html`<div class="head"><h1>Flags</h1></div>${none || (error ? html`<${Fault} error=${error} again=${again} />` : html`<${LoadingRows} />`)}`;
  }
  const known = new Map(value.flags.map((flag) => [flag.name, flag]));
  const switches = value.types.map((type) => known.get(SWITCH + type) ?? {name: SWITCH + type, on: true, percent: 0, owners: [], unset: true});
  const features = value.flags.filter(({name}) => !switches.some((one) => one.name === name));
  return html`
    <div class="head"><h1>Flags</h1><p class="head-note">Version ${value.version}, ${STATES[value.state] ?? value.state}${value.state === 'DEPLOYING' ? `: ${Math.round(value.percentDeployed)} %` : ''}. A change takes effect within a minute.</p></div>
    <${StaleNotice} read=${read} />
    ${value.rollout && html`
      <div class="notice tone-busy" data-rollout=${value.rollout.deployment}>
        <p>Under way: ${rolloutText(value.rollout)}. Its alarm takes it back when tasks begin to fail.</p>
        <button type="button" class="button small quiet" onClick=${() => setAborting(value.rollout)}>Take back…</button>
      </div>`}
    ${value.fault && html`<div class="notice tone-bad" role="alert"><p>${value.fault}</p></div>`}
    <${List} title="Features" note="Parts of agents that can be switched off or tried on a few." flags=${features} change=${setChanging} />
    <${List} title="Task types" note="Off parks a type: what is submitted waits, and runs once it is on again." flags=${switches} change=${setChanging} strip=${SWITCH} />
    ${aborting && html`<${AbortDialog} rollout=${aborting} close=${() => setAborting(null)} done=${again} />`}
    ${changing && html`<${ChangeDialog} flag=${changing} rollout=${value.rollout} close=${() => setChanging(null)} done=${again} />`}`;
}

function List({title, note, flags, change, strip = ''}) {
  const id = `flags-${title.replace(' ', '-').toLowerCase()}`;
  return html`
    <section class="panel" aria-labelledby=${id}>
      <div class="panel-head"><h2 id=${id}>${title}</h2><p class="head-note">${note}</p></div>
      ${flags.length === 0 && html`<p class="quiet-line">There is none.</p>`}
      <ul class="flags">
        ${flags.map((flag) => html`
          <li key=${flag.name} data-flag=${flag.name}>
            <span class="flag-name">${flag.name.slice(strip.length)}<span class="flag-sentence">${sentenceOf(flag)}</span></span>
            <span class="chip tone-${toneOf(flag)}">${flag.custom ? 'rule of its own' : stateOf(flag)}</span>
            <span class="flag-text">${describeFlag(flag)}${flag.owners.length > 0 && html` <span class="mono faint">${flag.owners.join(' ')}</span>`}${flag.lastSet && html` <span class="faint" title=${exact(flag.lastSet.at)}>set ${ago(flag.lastSet.at)} by ${flag.lastSet.by}</span>`}</span>
            <button type="button" class="button small quiet" aria-label=${`Change ${flag.name}`} data-row onClick=${() => change(flag)}>Change…</button>
          </li>`)}
      </ul>
    </section>`;
}

function stateOf({on, percent, owners}) {
  return on ? 'on' : percent || owners.length ? 'for some' : 'off';
}

function describeFlag(flag) {
  if (flag.unset) return 'no rule';
  return stateOf(flag) === 'for some' ? flagText(flag) : '';
}

function toneOf(flag) {
  if (flag.custom) return 'calm';
  return {on: 'good', 'for some': 'busy', off: 'plain'}[stateOf(flag)];
}

const CHOICES = {on: 'On for everybody', off: 'Off for everybody', none: 'No rule: what the code says', 'for some': 'On for some'};

function AbortDialog({rollout, close, done}) {
  const abort = async () => {
    await call('POST', '/ops/rollout/abort', {deployment: rollout.deployment});
    toast('The rollout is taken back; it takes effect within a minute.');
    done();
  };
  return html`
    <${Dialog} title="Take this rollout back?" close=${close}>
      <p>${rolloutText(rollout).replace('the', 'The')} ends, and the flags are as before it for everybody.</p>
      <${ActionForm} submit=${abort} action="Take it back" tone="bad" close=${close} />
    <//>`;
}

function ChangeDialog({flag, rollout, close, done}) {
  const [state, setState] = useState(flag.unset ? 'none' : stateOf(flag));
  const change = async ({percent, owners, gradual}) => {
    const some = state === 'for some';
    const {aborted} = await call('PUT', `/ops/flags/${encodeURIComponent(flag.name)}`, {
      on: state === 'on',
      percent: some ? Number(percent) : 0,
      owners: some ? owners.split(/[\s,]+/).filter(Boolean) : [],
      forget: state === 'none',
      gradual: gradual === 'on',
    });
    toast(`${flag.name} is changed; it takes effect within a minute.${aborted ? ` This ended ${rolloutText(aborted)}.` : ''}`);
    done();
  };
  return html`
    <${Dialog} title=${flag.name} close=${close}>
      <${ActionForm} submit=${change} action="Change the flag" disabled=${flag.unset && state === 'none'} close=${close}>
        ${flag.custom && html`<p class="dialog-warning">This flag has a rule written by hand. A change here replaces it.</p>`}
        <fieldset class="choices">
          <legend>Setting</legend>
          ${Object.entries(CHOICES).map(([id, text]) => html`
            <label key=${id} class="choice"><input type="radio" name="state" value=${id} checked=${state === id} onChange=${() => setState(id)} /><span><strong>${text}</strong></span></label>`)}
        </fieldset>
        <div class="some" hidden=${state !== 'for some'}>
          <label class="inline-field"><span>Percent of owners</span><input name="percent" type="number" min="0" max="100" step="1" defaultValue=${flag.percent} required=${state === 'for some'} /></label>
          <label class="inline-field"><span>Owners by id</span><input name="owners" defaultValue=${flag.owners.join(' ')} autocomplete="off" placeholder="5 17 204" /></label>
        </div>
        ${RIGHTS[flag.name] && state !== 'on' && state !== 'none' && html`
          <p class="dialog-warning">${RIGHTS[flag.name]}</p>
          <label class="check"><input type="checkbox" name="sure" required /><span>I know, and I switch it on again</span></label>`}
        ${rollout && html`<p class="dialog-warning">Under way: ${rolloutText(rollout)}. A change at once ends it; a gradual one has to wait for it.</p>`}
        <label class="check"><input type="checkbox" name="gradual" /><span>Roll out gradually; roll back automatically on alarm</span></label>
      <//>
    <//>`;
}
