import {html} from '../../shared/vendor/preact.js';
import {hashOf} from '../route.js';
import {ago, duration, failureText, exact, number, plural} from '../texts.js';

/** Failed tasks that have attempts left, grouped by failure. */
export function Failing({groups, total}) {
  return html`
    <section class="panel" aria-labelledby="failing-title">
      <div class="panel-head"><h2 id="failing-title">Retrying</h2><p class="head-note">${total ? `${plural(total, 'task')} failed and ${total === 1 ? 'has' : 'have'} attempts left.` : ''}</p></div>
      ${groups.length === 0
        ? html`<p class="quiet-line">Nothing that failed waits for another attempt.</p>`
        : html`<ul class="failing">${groups.map((group) => html`<${Group} key=${[group.type, group.fingerprint, group.version].join(' ')} group=${group} />`)}</ul>`}
    </section>`;
}

function Group({group: {type, fingerprint, version, count, owners, firstSeen, lastSeen, example}}) {
  return html`
    <li data-fingerprint=${fingerprint}>
      <span class="failing-count">${number(count)}</span>
      <span class="group-what">
        <span class="group-error" title=${failureText(example.error)}>${failureText(example.error) || 'No error text was stored'}</span>
        <span class="group-marks"><strong>${type}</strong><span>version <span class="mono">${version || 'unknown'}</span></span><span>${plural(owners, 'owner')}</span><span title=${`${exact(firstSeen)} to ${exact(lastSeen)}`}>last ${ago(lastSeen)}</span></span>
      </span>
      <a class="link" data-row href=${hashOf({view: 'tasks', query: {state: 'retrying', type, fingerprint: fingerprint || '-'}})} aria-label=${`See them: ${plural(count, 'task')} of type ${type}`}>See them</a>
    </li>`;
}

/** Workers with the number of their tasks and the age of the oldest one; the oldest first. */
export function Workers({workers, total, lost}) {
  const known = workers.reduce((sum, {tasks}) => sum + tasks, 0);
  return html`
    <section class="panel" aria-labelledby="workers-title">
      <div class="panel-head"><h2 id="workers-title">Workers</h2><p class="head-note">${lost ? html`<a href=${hashOf({view: 'tasks', query: {fingerprint: 'worker-lost', since: '24h'}})}>${plural(lost, 'lease')} lost within an hour</a>` : 'No lease was lost within an hour.'}</p></div>
      ${workers.length === 0
        ? html`<p class="quiet-line">No worker runs a task at this moment.</p>`
        : html`
        <table class="table workers">
          <thead><tr><th scope="col">Worker</th><th scope="col" class="num">Tasks</th><th scope="col" class="num">Oldest</th></tr></thead>
          <tbody>${workers.map(({worker, tasks, oldestSeconds}) => html`<tr key=${worker}><th scope="row" class="mono" title=${worker}>${worker}</th><td class="num">${number(tasks)}</td><td class="num">${duration(oldestSeconds * 1_000)}</td></tr>`)}</tbody>
        </table>
        ${known < total && html`<p class="quiet-line">${plural(total - known, 'more task')} with others.</p>`}`}
    </section>`;
}
