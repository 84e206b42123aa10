import {toast} from '../../shared/components/controls.js';
import {html, useEffect} from '../../shared/vendor/preact.js';
import {Fault} from '../components/states.js';
import {hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {call} from '../session.js';
import {ago, errorText, number, plural, short} from '../texts.js';

/** An ended redrive stays visible for this time (ms). */
const RECENT = 900_000;
const MOST = 4;

/** Staged and rate-limited redrives. Each poll of this page advances them; the sweeper does so once a minute. A new `turn` means that one more began. */
export function StagedRedrives({turn}) {
  const {value, error, again} = usePolled('redrives', async (signal) => {
    const {items} = await call('GET', '/ops/redrives', undefined, {signal});
    return Promise.all(items.map((item) => (item.state === 'running' ? advance(item) : item)));
  });
  useEffect(() => {
    if (turn) again();
  }, [turn]);
  if (!value && error) return html`<${Fault} error=${error} again=${again} />`;
  const live = (value ?? []).filter(({state}) => state === 'running');
  const ended = (value ?? []).filter(({state, updatedAt}) => state !== 'running' && Date.now() - Date.parse(updatedAt) < RECENT);
  const shown = [...live, ...ended.slice(0, MOST)];
  if (!shown.length) return null;
  return html`
    <section class="panel redrives" aria-label="Staged redrives under way">
      ${shown.map((item) => html`<${Redrive} key=${item.id} item=${item} again=${again} />`)}
    </section>`;
}

/** Advance a redrive; return it unchanged where another operator advanced or stopped it at the same time. */
function advance(item) {
  return call('POST', `/ops/redrives/${item.id}/advance`).catch(() => item);
}

const TONES = {running: 'busy', stopped: 'bad', done: 'good'};

function stateText({state, canary}) {
  if (state === 'running') return canary ? 'In stages' : 'At a rate';
  return state === 'stopped' ? 'Stopped' : 'Done';
}

function Redrive({item, again}) {
  const {id, state, released, total, rate, fingerprints, updatedAt} = item;
  const tone = TONES[state];
  const stop = async () => {
    try {
      await call('POST', `/ops/redrives/${id}/stop`);
    } catch (error) {
      toast(errorText(error), {tone: 'bad'});
    }
    again();
  };
  return html`
    <div class="staged" data-redrive-state=${state}>
      <span class="chip tone-${tone}">${stateText(item)}</span>
      <p class="staged-text">${number(released)} of ${number(total)} redriven${rate ? `, ${rate} a second` : ''}${fingerprints.length ? html` <span class="mono faint">${fingerprints.join(' ')}</span>` : ''}<${Reason} item=${item} /><${Open} item=${item} /></p>
      <span class="staged-bar" role="progressbar" aria-label="Redriven" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${released}><span class="tone-${tone}" style=${`inline-size: ${(100 * released) / total}%`}></span></span>
      <span class="faint staged-when">${ago(updatedAt)}</span>
      ${state === 'running' && html`<button type="button" class="button small quiet" onClick=${stop}>Stop</button>`}
    </div>`;
}

function Reason({item: {reason, failedTask}}) {
  if (!reason) return null;
  return html`<span class="staged-more" data-bad="true">${reason}${failedTask && html` <${Task} id=${failedTask} />`}</span>`;
}

/** The tasks that a redrive waits for, or that were released before it was stopped. */
function Open({item: {state, open, waitingFor}}) {
  if (!open) return null;
  return html`<span class="staged-more">${state === 'running' ? `${number(open)} not over yet` : `${plural(open, 'task')} released before, not over yet`}${waitingFor && html`, one is <${Task} id=${waitingFor} />`}</span>`;
}

function Task({id}) {
  return html`<a class="link mono" href=${hashOf({view: 'tasks', id})} aria-label=${`Details of ${short(id)}`}>${short(id)}</a>`;
}
