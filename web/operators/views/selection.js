import {toast} from '../../shared/components/controls.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {ActionForm, Dialog, Reason} from '../components/dialog.js';
import {call} from '../session.js';
import {OVER, plural} from '../texts.js';
import {CancelDialog} from './bulk_cancel.js';
import {download} from './task_table.js';

/** The actions on the selected rows; each names the number of tasks that it fits. */
export function SelectionBar({tasks, clear, done}) {
  const [action, setAction] = useState('');
  if (!tasks.length) return null;
  const over = tasks.filter(({status}) => OVER.has(status));
  const live = tasks.filter(({status}) => !OVER.has(status));
  const close = () => setAction('');
  const finish = () => {
    clear();
    done();
  };
  return html`
    <div class="selection" role="group" aria-label="Selected tasks">
      <strong role="status">${plural(tasks.length, 'task')} selected</strong>
      ${live.length > 0 && html`<button type="button" class="button small quiet" onClick=${() => setAction('cancel')}>Cancel ${plural(live.length, 'task')}…</button>`}
      ${over.length > 0 && html`<button type="button" class="button small quiet" onClick=${() => setAction('again')}>Run ${plural(over.length, 'task')} again…</button>`}
      <button type="button" class="button small quiet" onClick=${() => download(tasks)}>Export CSV</button>
      <button type="button" class="link" onClick=${clear}>Clear</button>
      ${action === 'cancel' && html`<${CancelDialog} choice=${{ids: live.map(({id}) => id)}} close=${close} done=${done} />`}
      ${action === 'again' && html`<${RunAgainDialog} tasks=${over} close=${close} done=${finish} />`}
    </div>`;
}

/** Run tasks again, one after another. A failure stops; the form then continues with the rest. */
function RunAgainDialog({tasks, close, done}) {
  const [left, setLeft] = useState(tasks);
  const run = async ({reason}) => {
    const rest = [...left];
    try {
      for (; rest.length; rest.shift()) await call('POST', `/ops/tasks/${rest[0].id}/run-again`, {reason});
    } finally {
      setLeft(rest);
    }
    toast(`${plural(tasks.length, 'task')} ${tasks.length === 1 ? 'runs' : 'run'} again as new tasks.`);
    done();
  };
  return html`
    <${Dialog} title=${`Run ${plural(tasks.length, 'task')} again?`} close=${close}>
      <p>Each becomes a new task of its owner with the same payload. All steps and effects happen again.</p>
      ${left.length < tasks.length && html`<p role="status">${plural(tasks.length - left.length, 'task')} of ${tasks.length} already run again.</p>`}
      <${ActionForm} submit=${run} action=${`Run ${plural(left.length, 'task')} again`} close=${close}><${Reason} /><//>
    <//>`;
}
