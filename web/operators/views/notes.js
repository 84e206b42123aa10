import {html, useRef, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';
import {clock, exact, errorText} from '../texts.js';

/** The notes of operators on a task, and a form for another one. */
export function Notes({task, again}) {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const add = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault('');
    try {
      await call('POST', `/ops/tasks/${task.id}/notes`, {text: String(new FormData(event.target).get('text'))});
      form.current.reset();
      again();
    } catch (error) {
      setFault(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return html`
    <section class="task-detail-part" aria-labelledby="notes-title">
      <h3 id="notes-title">Notes</h3>
      ${task.notes.length > 0 && html`
        <ul class="notes">
          ${task.notes.map(({id, createdAt, actor, text}) => html`
            <li key=${id}>
              <p class="note-text" dir="auto">${text}</p>
              <p class="faint"><bdi>${actor}</bdi>, <time datetime=${createdAt} title=${exact(createdAt)}>${clock(createdAt)}</time></p>
            </li>`)}
        </ul>`}
      <form class="note-form" ref=${form} onSubmit=${add}>
        <div class="field">
          <label for="note">New note</label>
          <textarea id="note" name="text" rows="2" required maxlength="1000" aria-describedby="note-hint" />
          <p id="note-hint" class="field-hint">Other operators read it with this task. No personal data.</p>
        </div>
        <p class="form-error" role="alert">${fault}</p>
        <button class="button small" aria-disabled=${busy}>Add note</button>
      </form>
    </section>`;
}
