import {html, useEffect, useRef, useState} from '../../vendor/preact.js';

/** A dialog that says what will happen before it does. `fields` makes what the answer needs; `act` does it. */
export function Ask({title, verb, danger, children, act, onClose}) {
  const dialog = useRef();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  useEffect(() => dialog.current.showModal(), []);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      await act(new FormData(event.currentTarget));
      onClose();
    } catch (error) {
      setFault(error.message);
      setBusy(false);
    }
  };
  return html`
    <dialog ref=${dialog} class="dialog ask" aria-labelledby="ask-title" onClose=${onClose} onCancel=${onClose}>
      <form onSubmit=${submit}>
        <h2 id="ask-title">${title}</h2>
        <div class="ask-body">${children}</div>
        <p class="form-fault" role="alert">${fault}</p>
        <div class="ask-actions">
          <button type="button" class="button quiet" onClick=${onClose}>Never mind</button>
          <button type="submit" class=${danger ? 'button danger' : 'button'} data-busy=${busy} disabled=${busy}>${verb}</button>
        </div>
      </form>
    </dialog>`;
}
