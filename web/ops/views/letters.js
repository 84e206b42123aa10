import {html, useEffect, useState} from '../../vendor/preact.js';
import {Empty, Loaded, toast} from '../../parts/parts.js';
import {call} from '../api.js';
import {Ask} from '../parts/ask.js';
import {useLive} from '../parts/live.js';
import {ago, errorLine, number, plural} from '../parts/words.js';

/** Dead letters by what they have in common, and what to do about each kind. */
export function Letters() {
  const state = useLive('/ops/dead-letters?limit=1', 3_000);
  const staged = useLive('/ops/redrives', 3_000);
  const look = () => Promise.all([state.look(), staged.look()]);
  return html`
    <div class="ops-head"><h1>Dead letters</h1>${state.value && html`<p class="ops-fresh">${plural(state.value.total, 'task')} in ${plural(state.value.groups.length, 'group')}</p>`}</div>
    <${Staged} redrives=${staged.value?.items ?? []} look=${look} />
    <${Loaded} state=${state} rows=${3} retry=${state.look}>
      ${({groups}) => groups.length === 0
        ? html`<${Empty} icon="check" title="No dead letters">Every task has ended, is running, or will run.<//>`
        : html`<ul class="letters">${groups.map((group) => html`<${Group} key=${`${group.fingerprint}/${group.type}/${group.version}`} group=${group} look=${look} />`)}</ul>`}
    <//>`;
}

function Group({group, look}) {
  const [asking, setAsking] = useState(null);
  const close = () => setAsking(null);
  return html`
    <li class="card letter">
      <div class="letter-head">
        <p class="letter-count"><strong>${number(group.count)}</strong> ${group.count === 1 ? 'task' : 'tasks'}<br /><small>${plural(group.owners, 'owner')}</small></p>
        <div>
          <h2>${errorLine(group.example.error)}</h2>
          <p class="letter-facts"><a href=${`#/tasks?status=dead-letter&type=${group.type}`}>${group.type}</a>
            <span>version ${group.version || 'unknown'}</span><span class="mono">${group.fingerprint || 'no fingerprint'}</span>
            ${group.example.error?.place && html`<span class="mono">${group.example.error.place}</span>`}</p>
          <p class="eyebrow">first <time datetime=${group.firstSeen}>${ago(group.firstSeen)}</time>, last <time datetime=${group.lastSeen}>${ago(group.lastSeen)}</time>. <a href=${`#/dead-letters?task=${group.example.id}`}>An example</a></p>
        </div>
      </div>
      <div class="letter-actions">
        <button type="button" class="button small" onClick=${() => setAsking('redrive')}>Redrive…</button>
        <button type="button" class="button quiet small" onClick=${() => setAsking('discard')}>Discard…</button>
      </div>
      ${asking === 'redrive' && html`<${Redrive} group=${group} look=${look} onClose=${close} />`}
      ${asking === 'discard' && html`<${Discard} group=${group} look=${look} onClose=${close} />`}
    </li>`;
}

const choiceOf = (group) => ({type: group.type, ...(group.fingerprint && {fingerprint: group.fingerprint})});

/** How many would move, asked of the API itself. */
function usePreview(verb, group) {
  const [words, setWords] = useState('Counting…');
  useEffect(() => {
    call('POST', `/ops/dead-letters/${verb}`, {...choiceOf(group), dryRun: true}).then(
      ({ids, more}) => setWords(`${more ? 'The first ' : ''}${plural(ids.length, 'dead letter')} of this type and failure, of all versions.`),
      (error) => setWords(error.message),
    );
  }, []);
  return words;
}

function Redrive({group, look, onClose}) {
  const preview = usePreview('redrive', group);
  const act = async (form) => {
    const rate = Number(form.get('rate'));
    const body = {...choiceOf(group), canary: form.get('how') === 'canary', ...(rate > 0 && {rate})};
    const moved = await call('POST', '/ops/dead-letters/redrive', body);
    toast(moved.redrive ? 'The first one is on its way.' : `${plural(moved.ids.length, 'task')} run again.`);
    await look();
  };
  return html`
    <${Ask} title="Redrive" verb="Redrive" act=${act} onClose=${onClose}>
      <p aria-live="polite">${preview} They get their attempts anew; their history is kept.</p>
      <fieldset>
        <legend>How</legend>
        <label class="choice"><input type="radio" name="how" value="canary" checked /><span><strong>In stages</strong>One, then a tenth, then the rest. Stops by itself when the failure comes back.</span></label>
        <label class="choice"><input type="radio" name="how" value="all" /><span><strong>All at once</strong>When the cause is known to be gone.</span></label>
      </fieldset>
      <label class="field">Tasks a second <input name="rate" type="number" min="0.1" max="1000" step="any" placeholder="no limit" /></label>
    <//>`;
}

function Discard({group, look, onClose}) {
  const preview = usePreview('discard', group);
  const act = async (form) => {
    const {ids} = await call('POST', '/ops/dead-letters/discard', {...choiceOf(group), reason: form.get('reason')});
    toast(`${plural(ids.length, 'task')} given up.`);
    await look();
  };
  return html`
    <${Ask} title="Give up for good" verb="Discard" danger act=${act} onClose=${onClose}>
      <p aria-live="polite">${preview} They end as cancelled and never run again.</p>
      <label class="field">Why <input name="reason" required maxlength="500" placeholder="kept with each task and in the audit" /></label>
    <//>`;
}

/** Staged redrives; looking at one moves it on. */
function Staged({redrives, look}) {
  const running = redrives.filter((one) => one.state === 'running').map((one) => one.id).join();
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(async () => {
      await Promise.all(running.split(',').map((id) => call('POST', `/ops/redrives/${id}/advance`).catch(() => {})));
      look();
    }, 1_500);
    return () => clearInterval(timer);
  }, [running]);
  const shown = redrives.filter((one) => one.state === 'running' || Date.now() - new Date(one.updatedAt) < 3_600_000).slice(0, 4);
  if (shown.length === 0) return null;
  return html`
    <section class="card panel" aria-labelledby="staged">
      <h2 id="staged">Redrives in stages</h2>
      <ul class="staged">
        ${shown.map((one) => html`
          <li key=${one.id}>
            <progress max=${one.total} value=${one.released} aria-label="let go"></progress>
            <span>${number(one.released)} of ${number(one.total)} let go, ${one.state}. ${one.reason ?? ''} <small>${ago(one.createdAt)}</small></span>
            ${one.state === 'running' && html`<button type="button" class="button quiet small" onClick=${() => call('POST', `/ops/redrives/${one.id}/stop`).then(look, (error) => toast(error.message, 'bad'))}>Stop</button>`}
          </li>`)}
      </ul>
    </section>`;
}
