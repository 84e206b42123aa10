import {createStore} from '../shared/store.js';
import {useLayoutEffect, useRef} from '../shared/vendor/preact.js';

const KEPT = 'operator-keys';

/** Whether single keys are shortcuts; people who use speech input can switch them off. */
export const keysOn = createStore(localStorage.getItem(KEPT) !== 'off');

export function toggleKeys() {
  keysOn.set((on) => !on);
  localStorage.setItem(KEPT, keysOn.get() ? 'on' : 'off');
}

/** Call `keys[event.key]`, unless the focus is in a field or a dialog is open. */
export function useKeys(keys) {
  const newest = useRef(keys);
  newest.current = keys;
  useLayoutEffect(() => {
    const press = (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]')) return;
      const typing = event.target.closest?.('input, select, textarea');
      if (typing || (!keysOn.get() && event.key !== 'Escape')) return;
      const act = newest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

/** Move the focus by a number of rows. */
export function moveInRows(by) {
  const rows = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('main [data-row]'))];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next].focus();
  rows[next].scrollIntoView({block: 'nearest'});
}

/** Select the row that has the focus, or end its selection. */
export function selectRow() {
  /** @type {HTMLElement | null} */ (document.activeElement?.closest('tr')?.querySelector('[data-select]'))?.click();
}
