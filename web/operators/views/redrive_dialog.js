import {toast} from '../../shared/components/controls.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {ActionForm, Dialog, Reason} from '../components/dialog.js';
import {Preview, usePreview} from '../components/preview.js';
import {call} from '../session.js';
import {number, plural} from '../texts.js';

/** Number of groups that a preview names. */
const NAMED = 6;

/** The tasks that an action would affect. */
function PreviewDetails({preview, does}) {
  return html`
    <${Preview} preview=${preview} does=${does}>${({ids, total, more, groups}) => html`
      <p><strong>This would ${does} ${plural(ids.length, 'task')}${more ? `, the oldest of ${number(total)}` : ''}.</strong> Nothing has been changed yet.${more ? ' Do it again for the rest.' : ''}</p>
      <ul class="preview-groups">
        ${groups.slice(0, NAMED).map(({type, fingerprint, version, count, owners}) => html`
          <li key=${`${type} ${fingerprint} ${version}`}><strong>${number(count)}</strong><span>${type} of ${plural(owners, 'owner')}, version <span class="mono">${version || 'unknown'}</span>, <span class="mono">${fingerprint || 'no fingerprint'}</span></span></li>`)}
        ${groups.length > NAMED && html`<li><strong></strong><span>and ${plural(groups.length - NAMED, 'more group')}</span></li>`}
      </ul>`}<//>`;
}

/** Return a note on the tasks that a call left: one call takes the oldest thousand. */
function restOf({total, more}, result) {
  return more ? ` These are ${number(result)} of ${number(total)}: do it again for the rest.` : '';
}

const PACES = {
  canary: ['In stages', 'One first. If it ends well a tenth, then the rest. Stops by itself when the failure comes back or one is refused.'],
  all: ['All', 'Every one at once, without waiting for the first.'],
};

/** The dialog that returns dead letters to pending. */
export function RedriveDialog({action: {choice, text, count}, close, done}) {
  const preview = usePreview('/ops/dead-letters/redrive', {...choice, dryRun: true});
  const [pace, setPace] = useState(count > 1 ? 'canary' : 'all');
  const found = preview.result?.ids.length ?? 0;
  const redrive = async ({rate}) => {
    const body = {...choice, canary: pace === 'canary', ...(rate ? {rate: Number(rate)} : {})};
    const result = await call('POST', '/ops/dead-letters/redrive', body);
    toast(startedText(result) + restOf(result, result.redrive?.total ?? result.ids.length));
    done();
  };
  const action = pace === 'canary' ? 'Redrive one first' : `Redrive ${plural(found, 'task')}`;
  return html`
    <${Dialog} title=${`Redrive ${text}?`} close=${close} wide=${true}>
      <${ActionForm} submit=${redrive} action=${action} disabled=${!found} close=${close}>
        <${PreviewDetails} preview=${preview} does="redrive" />
        <fieldset class="choices">
          <legend>How</legend>
          ${Object.entries(PACES).map(([id, [name, what]]) => html`
            <label key=${id} class="choice"><input type="radio" name="pace" value=${id} checked=${pace === id} onChange=${() => setPace(id)} /><span><strong>${name}</strong><span class="choice-what">${what}</span></span></label>`)}
        </fieldset>
        <label class="inline-field rate"><span>At most, tasks a second</span><input name="rate" type="number" min="0.001" max="1000" step="any" placeholder="no limit" inputmode="decimal" aria-describedby="rate-hint" /></label>
        <p id="rate-hint" class="field-hint">With a limit, the tasks of one minute are released at a time; the rest can be stopped.</p>
      <//>
    <//>`;
}

/** @param {any} answer */
function startedText({ids, redrive}) {
  if (!redrive) return `${plural(ids.length, 'task')} redriven.`;
  return redrive.canary ? 'The first one is queued; the others follow when it succeeds.' : `${plural(redrive.total, 'task')} queued, ${redrive.rate} a second.`;
}

/** The dialog that discards dead letters. The audit trail keeps the reason. */
export function DiscardDialog({action: {choice, text}, close, done}) {
  const preview = usePreview('/ops/dead-letters/discard', {...choice, dryRun: true});
  const found = preview.result?.ids.length ?? 0;
  const discard = async ({reason}) => {
    const result = await call('POST', '/ops/dead-letters/discard', {...choice, reason: reason.trim()});
    toast(`${plural(result.ids.length, 'task')} discarded.${restOf(result, result.ids.length)}`);
    done();
  };
  return html`
    <${Dialog} title=${`Discard ${text}?`} close=${close} wide=${true}>
      <${ActionForm} submit=${discard} action=${`Discard ${plural(found, 'task')}`} tone="bad" disabled=${!found} close=${close}>
        <${PreviewDetails} preview=${preview} does="discard" />
        <p class="dialog-warning">Discarded tasks end as cancelled and never run. This cannot be taken back.</p>
        <${Reason} />
      <//>
    <//>`;
}
