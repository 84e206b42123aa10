import {html, useLayoutEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {errorText} from '../texts.js';

/** A modal dialog. Escape closes it; the focus returns to the element that had it. */
export function Dialog({title, close, wide = false, children}) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const [node, before] = [dialog.current, /** @type {HTMLElement | null} */ (document.activeElement)];
    if (!node.open) node.showModal();
    return () => {
      node.close(); // as long as it is open, nothing behind it takes the focus
      if (before?.isConnected) before.focus?.({preventScroll: true});
    };
  }, []);
  const aside = (event) => event.target === dialog.current && close();
  return html`
    <dialog class="dialog" data-wide=${wide} ref=${dialog} aria-labelledby="dialog-title" onCancel=${(event) => { event.preventDefault(); close(); }} onClose=${close} onMouseDown=${aside}>
      <h2 id="dialog-title">${title}</h2>
      ${children}
    </dialog>`;
}

/** The reason for an action, kept for later readers of the audit trail. */
export function Reason() {
  return html`
    <div class="field"><label for="reason">Why</label><input id="reason" name="reason" required maxlength="500" pattern=".*\\S.*" title="A few words" autocomplete="off" aria-describedby="reason-hint" /><p id="reason-hint" class="field-hint">Kept in the audit trail and in each task’s story.</p></div>`;
}

/** The form of a dialog: one action, its error message and a cancel button. The dialog closes when `submit(values)` succeeds. */
export function ActionForm({submit, action, tone, disabled, close, leave = 'Cancel', children}) {
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      await submit(Object.fromEntries(new FormData(event.target)));
      close();
    } catch (error) {
      setFault(errorText(error));
      setBusy(false);
    }
  };
  return html`
    <form class="action-form" onSubmit=${send}>
      ${children}
      <p class="form-error" role="alert">${fault}</p>
      <div class="dialog-actions">
        <button type="button" class="button quiet" onClick=${close}>${leave}</button>
        <button class="button" data-tone=${tone} data-busy=${busy} disabled=${busy || disabled}>${action}</button>
      </div>
    </form>`;
}
