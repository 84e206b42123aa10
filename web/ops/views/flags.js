import {html, useState} from '../../vendor/preact.js';
import {Chip, Loaded, toast} from '../../parts/parts.js';
import {call} from '../api.js';
import {Ask} from '../parts/ask.js';
import {useLive} from '../parts/live.js';

/** What changes without a deploy. */
export function Flags() {
  const state = useLive('/ops/flags', 5_000);
  return html`
    <div class="ops-head"><h1>Flags</h1>${state.value && html`<p class="ops-fresh">version ${state.value.version}, ${state.value.state.toLowerCase()}, ${Math.round(state.value.percentDeployed)} % of containers</p>`}</div>
    <${Loaded} state=${state} rows=${4} retry=${state.look}>${(view) => html`<${Both} view=${view} look=${state.look} />`}<//>`;
}

function Both({view, look}) {
  const switches = view.types.map((type) => view.flags.find((flag) => flag.name === `task.${type}`) ?? {name: `task.${type}`, on: true, percent: 0, owners: [], unset: true});
  const features = view.flags.filter((flag) => !view.types.includes(flag.name.replace(/^task\./, '')) || !flag.name.startsWith('task.'));
  return html`
    <section class="card panel" aria-labelledby="features"><h2 id="features">Features</h2><${Rows} flags=${features} look=${look} /></section>
    <section class="card panel" aria-labelledby="kinds"><h2 id="kinds">Task types</h2>
      <p class="eyebrow">A type that is off is parked: its tasks wait, nothing is lost, and they are let go at a bounded rate when it is on again.</p>
      <${Rows} flags=${switches} look=${look} /></section>`;
}

function Rows({flags, look}) {
  const [asking, setAsking] = useState(null);
  return html`
    <ul class="flags">
      ${flags.map((flag) => html`
        <li key=${flag.name}>
          <span class="mono">${flag.name}</span>
          <${Chip} tone=${flag.on ? 'good' : flag.percent || flag.owners.length ? 'busy' : 'bad'}>${stateOf(flag)}<//>
          <button type="button" class="button quiet small" aria-label=${`Change ${flag.name}`} onClick=${() => setAsking(flag)}>Change…</button>
        </li>`)}
    </ul>
    ${asking && html`<${Change} key=${asking.name} flag=${asking} look=${look} onClose=${() => setAsking(null)} />`}`;
}

function stateOf(flag) {
  if (flag.custom) return 'by rules of its own';
  if (flag.on) return flag.unset ? 'on (no rule)' : 'on';
  const parts = [flag.percent && `${flag.percent} %`, flag.owners.length && `${flag.owners.length} named`].filter(Boolean);
  return parts.length ? parts.join(' and ') : 'off';
}

function Change({flag, look, onClose}) {
  const [how, setHow] = useState(flag.on ? 'on' : flag.percent || flag.owners.length ? 'some' : 'off');
  const act = async (form) => {
    const some = how === 'some';
    const owners = some ? String(form.get('owners')).split(/[\s,]+/).filter(Boolean) : [];
    await call('PUT', `/ops/flags/${encodeURIComponent(flag.name)}`, {
      on: how === 'on',
      percent: some ? Number(form.get('percent')) : 0,
      owners,
      gradual: form.get('gradual') === 'yes',
    });
    toast('Every container has it within a minute.');
    await look();
  };
  const option = (value, title, words) => html`
    <label class="choice"><input type="radio" name="how" value=${value} checked=${how === value} onChange=${() => setHow(value)} /><span><strong>${title}</strong>${words}</span></label>`;
  return html`
    <${Ask} title=${flag.name} verb="Change" danger=${how === 'off'} act=${act} onClose=${onClose}>
      <fieldset><legend>On for</legend>${option('on', 'Everybody', '')}${option('some', 'Some owners', 'A share of them, and those named.')}${option('off', 'Nobody', '')}</fieldset>
      ${how === 'some' && html`
        <label class="field">Percent of owners <input name="percent" type="number" min="0" max="100" defaultValue=${flag.percent} required /></label>
        <label class="field">These owners <input name="owners" defaultValue=${flag.owners.join(', ')} placeholder="1, 2, 3" /></label>`}
      <label class="choice"><input type="checkbox" name="gradual" value="yes" /><span><strong>Step by step</strong>Over ten minutes, taken back by itself when tasks begin to fail. Otherwise at once.</span></label>
    <//>`;
}
