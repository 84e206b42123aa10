import {html} from '../../vendor/preact.js';
import {Loaded} from '../../parts/parts.js';
import {useLive} from '../parts/live.js';
import {ago} from '../parts/words.js';

/** Who did what. */
export function Changes() {
  const state = useLive('/ops/audit?limit=100', 10_000);
  return html`
    <div class="ops-head"><h1>Audit</h1><p class="ops-fresh">What operators did, newest first</p></div>
    <${Loaded} state=${state} rows=${5} retry=${state.look} empty=${null}>
      ${({items}) => items.length === 0 ? html`<p class="eyebrow">Nobody has done anything yet.</p>` : html`
        <div class="scroll card" tabindex="0" role="region" aria-label="Audit trail">
          <table class="rows">
            <thead><tr>${['when', 'who', 'what', 'detail'].map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
            <tbody>${items.map((entry) => html`
              <tr key=${entry.id}><td class="nowrap"><time datetime=${entry.at} title=${entry.at}>${ago(entry.at)}</time></td><td>${entry.actor}</td><th scope="row">${entry.action}</th>
                <td class="detail">${Object.entries(entry.detail).map(([name, value]) => html`<span key=${name}><em>${name}</em> ${typeof value === 'object' ? JSON.stringify(value) : String(value)}</span>`)}</td></tr>`)}</tbody>
          </table>
        </div>`}
    <//>`;
}
