import {html, useLayoutEffect, useRef} from '../../shared/vendor/preact.js';
import {BusyButton} from '../../shared/components/controls.js';

/** A dialog that asks before an act that cannot be undone; the focus returns to the button that opened it. */
export function Confirm({title, action, onConfirm, close, stay = 'Cancel', children}) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const element = dialog.current;
    element.showModal();
    return () => {
      element.close(); // the page behind an open dialog takes no focus
      if (before?.isConnected) before.focus();
    };
  }, []);
  return html`
    <dialog class="dialog" ref=${dialog} aria-labelledby="confirm-title" onCancel=${(event) => { event.preventDefault(); close(); }}>
      <h2 id="confirm-title">${title}</h2>
      ${children}
      <div class="dialog-actions">
        <button type="button" class="button quiet" autofocus onClick=${close}>${stay}</button>
        <${BusyButton} className="button danger" onPress=${onConfirm}>${action}<//>
      </div>
    </dialog>`;
}

/** Move the focus to the next row after a removal, or to the heading of the list where none is left. */
export function focusAfterRemoval(section, selector, index) {
  setTimeout(() => {
    const rows = section.querySelectorAll(selector);
    const target = rows[Math.min(index, rows.length - 1)] ?? section.querySelector('h2');
    target?.focus();
  });
}
