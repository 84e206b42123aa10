import {toast} from '../../parts/parts.js';
import {html, useEffect, useState} from '../../vendor/preact.js';
import {Deed, Dialog} from '../parts/dialog.js';
import {call} from '../session.js';
import {faultWords, number, plural, short} from '../words.js';

/** Ids a preview names. */
const NAMED = 6;

/** What a move would take along, asked of the API before anything is moved. */
function usePreview(path, choice) {
  const [preview, setPreview] = useState({});
  useEffect(() => {
    let gone = false;
    call('POST', path, {...choice, dryRun: true}).then(
      (moved) => !gone && setPreview({moved}),
      (error) => !gone && setPreview({error}),
    );
    return () => {
      gone = true;
    };
  }, []);
  return preview;
}

function Preview({preview: {moved, error}, alike = [], does}) {
  if (error) return html`<div class="preview" data-fault="true" role="alert"><p>${faultWords(error)}</p></div>`;
  if (!moved) return html`<div class="preview" aria-busy="true"><p>Looking what this would ${does}…</p></div>`;
  const {ids, more} = moved;
  return html`
    <div class="preview" role="status">
      <p><strong>This would ${does} ${plural(ids.length, 'task')}${more ? ', and as many again the next time' : ''}.</strong> Nothing has been moved yet.</p>
      ${alike.length > 0 && html`<p>Failed alike under another version of the code, and go along: ${alike.map(({version, count}) => `${number(count)} under ${version || 'an unknown one'}`).join(', ')}.</p>`}
      ${ids.length > 0 && html`<p class="preview-ids mono">${ids.slice(0, NAMED).map(short).join('  ')}${ids.length > NAMED ? '  …' : ''}</p>`}
    </div>`;
}

const PACES = {
  canary: ['In stages', 'One first. If it ends well a tenth, then the rest. Stops by itself when the failure comes back.'],
  all: ['All at once', 'Every one is due at once.'],
};

/** Gives dead letters their attempts anew. */
export function RedriveDialog({move: {choice, words, count, alike}, close, done}) {
  const preview = usePreview('/ops/dead-letters/redrive', choice);
  const [pace, setPace] = useState(count > 1 ? 'canary' : 'all');
  const found = preview.moved?.ids.length ?? 0;
  const redrive = async ({rate}) => {
    const body = {...choice, canary: pace === 'canary', ...(rate ? {rate: Number(rate)} : {})};
    const {ids, redrive: staged} = await call('POST', '/ops/dead-letters/redrive', body);
    toast(staged ? 'The first one is on its way; the others follow when it ends well.' : `${plural(ids.length, 'task')} redriven.`);
    done();
  };
  const action = pace === 'canary' ? 'Redrive one first' : `Redrive ${plural(found, 'task')}`;
  return html`
    <${Dialog} title=${`Redrive ${words}?`} close=${close} wide=${true}>
      <${Deed} submit=${redrive} action=${action} disabled=${!found} close=${close}>
        <${Preview} preview=${preview} alike=${alike} does="redrive" />
        <fieldset class="choices">
          <legend>How</legend>
          ${Object.entries(PACES).map(([id, [name, what]]) => html`
            <label key=${id} class="choice"><input type="radio" name="pace" value=${id} checked=${pace === id} onChange=${() => setPace(id)} /><span><strong>${name}</strong><span class="choice-what">${what}</span></span></label>`)}
        </fieldset>
        <label class="inline-field rate"><span>At most, tasks a second</span><input name="rate" type="number" min="0.01" max="1000" step="any" placeholder="no limit" inputmode="decimal" /></label>
      <//>
    <//>`;
}

/** Gives dead letters up. The reason is for whoever asks later. */
export function DiscardDialog({move: {choice, words, alike}, close, done}) {
  const preview = usePreview('/ops/dead-letters/discard', choice);
  const found = preview.moved?.ids.length ?? 0;
  const discard = async ({reason}) => {
    const {ids} = await call('POST', '/ops/dead-letters/discard', {...choice, reason: reason.trim()});
    toast(`${plural(ids.length, 'task')} discarded.`);
    done();
  };
  return html`
    <${Dialog} title=${`Discard ${words}?`} close=${close} wide=${true}>
      <${Deed} submit=${discard} action=${`Discard ${plural(found, 'task')}`} tone="bad" disabled=${!found} close=${close}>
        <${Preview} preview=${preview} alike=${alike} does="discard" />
        <p class="dialog-warning">Discarded tasks end as cancelled and never run. This cannot be taken back.</p>
        <div class="field"><label for="reason">Why</label><input id="reason" name="reason" required maxlength="500" pattern=".*\\S.*" title="A few words" autocomplete="off" aria-describedby="reason-hint" /><p id="reason-hint" class="field-hint">Kept in the audit trail and in each task’s story.</p></div>
      <//>
    <//>`;
}
