import {toast} from '../../parts/parts.js';
import {html} from '../../vendor/preact.js';
import {usePolled} from '../polling.js';
import {call} from '../session.js';
import {ago, faultWords, number} from '../words.js';

/** An ended redrive is shown for so long (ms). */
const RECENT = 900_000;
const MOST = 4;

/** Redrives in stages: who watches moves them on, as the sweeper does once a minute. */
export function Redrives({turn}) {
  const {value, again} = usePolled(`redrives ${turn}`, async (signal) => {
    const {items} = await call('GET', '/ops/redrives', undefined, {signal});
    return Promise.all(items.map((item) => (item.state === 'running' ? advance(item) : item)));
  });
  const shown = (value ?? []).filter((item) => item.state === 'running' || Date.now() - new Date(item.updatedAt) < RECENT).slice(0, MOST);
  if (!shown.length) return null;
  return html`
    <section class="panel redrives" aria-label="Redrives in stages">
      ${shown.map((item) => html`<${Staged} key=${item.id} item=${item} again=${again} />`)}
    </section>`;
}

/** Another may have moved it on or stopped it meanwhile: then it is shown as it was. */
function advance(item) {
  return call('POST', `/ops/redrives/${item.id}/advance`).catch(() => item);
}

const STATES = {running: ['busy', 'In stages'], stopped: ['bad', 'Stopped'], done: ['good', 'Done']};

function Staged({item, again}) {
  const {id, state, released, total, reason, fingerprints, updatedAt} = item;
  const [tone, word] = STATES[state];
  const stop = async () => {
    try {
      await call('POST', `/ops/redrives/${id}/stop`);
    } catch (error) {
      toast(faultWords(error), 'bad');
    }
    again();
  };
  return html`
    <div class="staged" data-redrive-state=${state}>
      <span class="chip tone-${tone}">${word}</span>
      <p class="staged-words">${number(released)} of ${number(total)} redriven${fingerprints.length ? html` <span class="mono faint">${fingerprints.join(' ')}</span>` : ''}${reason && html`<span class="staged-reason">${reason}</span>`}</p>
      <span class="staged-bar" role="progressbar" aria-label="Redriven" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${released}><span class="tone-${tone}" style=${`inline-size: ${(100 * released) / total}%`}></span></span>
      <span class="faint staged-when">${ago(updatedAt)}</span>
      ${state === 'running' && html`<button type="button" class="button small quiet" onClick=${stop}>Stop</button>`}
    </div>`;
}
