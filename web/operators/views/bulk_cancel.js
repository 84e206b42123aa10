import {toast} from '../../shared/components/controls.js';
import {html, useEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {ActionForm, Dialog, Reason} from '../components/dialog.js';
import {Preview, usePreview} from '../components/preview.js';
import {call} from '../session.js';
import {OVER, STATUS, ago, number, plural, short} from '../texts.js';

const PATH = '/ops/tasks/cancel';
/** Number of groups that a preview names. */
const NAMED = 6;
/** Number of calls in a row that may cancel nothing while other transactions lock the rows, and the pause between them (ms). */
const PATIENCE = 5;
const PACE = 1_000;

/** Return the list's filter as the selection of a bulk cancel; null without a filter or where all tasks are over. */
export function choiceOf({order, status, state, type, owner, trace, fingerprint, idEnds, error, since, until}) {
  if (idEnds || error) return null; // the selection of a bulk cancel has no such filter
  if (order === 'ended' || OVER.has(status) || state === 'dead') return null;
  const values = given({type, owner, status, state, trace, fingerprint, since});
  return Object.keys(values).length ? {...values, ...given({until})} : null;
}

function given(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

/** Cancel all tasks that match, one page per call. Tasks submitted after the preview are excluded. Closing the dialog stops it after the current page. */
export function CancelDialog({choice, close, done}) {
  const preview = usePreview(PATH, {...choice, preview: true});
  const [ended, setEnded] = useState(null);
  const open = useRef(true);
  useEffect(() => () => {
    open.current = false;
  }, []);
  const would = preview.result?.wouldEnd;
  const total = would?.total ?? 0;
  const cancel = async ({reason}) => {
    const body = {...choice, ...given({since: would.since, until: would.until}), reason: reason.trim()};
    let [count, idle, more] = [ended ?? 0, 0, true];
    setEnded(count);
    try {
      while (more && idle < PATIENCE && open.current) {
        if (idle) await new Promise((resume) => setTimeout(resume, PACE));
        const page = await call('POST', PATH, body);
        more = page.more;
        count += page.cancelled;
        idle = page.cancelled ? 0 : idle + 1;
        setEnded(count);
      }
    } finally {
      done();
    }
    toast(`${plural(count, 'task')} cancelled.${more ? ' Some are left: do it again for the rest.' : ''}`);
  };
  return html`
    <${Dialog} title="Cancel all of these?" close=${close} wide=${true}>
      <${ActionForm} submit=${cancel} action=${`Cancel ${plural(total, 'task')}`} tone="bad" disabled=${!total} close=${() => open.current && close()} leave=${ended === null ? 'Back' : 'Stop here'}>
        <${Preview} preview=${preview} does="cancel">${({wouldEnd}) => html`<${PreviewDetails} would=${wouldEnd} />`}<//>
        <p class="dialog-warning">Cancelled tasks never run again, and nothing is kept of what they do at this moment. This cannot be taken back.</p>
        <${Reason} />
        ${ended !== null && html`<${Bar} ended=${ended} total=${total} />`}
      <//>
    <//>`;
}

function PreviewDetails({would: {total, descendants, owners, groups, oldest, newest, example}}) {
  if (!total) return html`<p><strong>None of these can be cancelled:</strong> they are over.</p>`;
  return html`
    <p><strong>This would cancel ${plural(total, 'task')} of ${plural(owners, 'owner')}.</strong> Nothing has been cancelled yet.</p>
    <ul class="preview-groups">
      ${groups.slice(0, NAMED).map(({type, status, count}) => html`<li key=${`${type} ${status}`}><strong>${number(count)}</strong><span>${type}, ${STATUS[status].word.toLowerCase()}</span></li>`)}
      ${groups.length > NAMED && html`<li><strong></strong><span>and ${plural(groups.length - NAMED, 'more group')}</span></li>`}
    </ul>
    ${descendants > 0 && html`<p>${number(descendants)} of them only because they descend from others.</p>`}
    <p>Submitted ${ago(oldest) === ago(newest) ? ago(newest) : `from ${ago(oldest)} to ${ago(newest)}`}; the newest is <span class="mono" title=${example.id}>${short(example.id)}</span> of owner <span class="mono">${example.owner}</span>.</p>`;
}

function Bar({ended, total}) {
  return html`
    <div class="cancel-bar">
      <p role="status">${number(ended)} of ${number(total)} cancelled</p>
      <span class="staged-bar" role="progressbar" aria-label="Cancelled" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${Math.min(ended, total)}><span class="tone-bad" style=${`inline-size: ${Math.min(100, (100 * ended) / total)}%`}></span></span>
    </div>`;
}
