import {errorText, referenceOf} from '../errors.js';
import {createStore, useStore} from '../store.js';
import {html, useEffect, useRef, useState} from '../vendor/preact.js';
import {Icon} from './icons.js';

/** A short text on a tinted background. */
export function Chip({tone, children, live}) {
  return html`<span class="chip tone-${tone}">${live && html`<span class="chip-dot" aria-hidden="true"></span>`}${children}</span>`;
}

/** A labelled input with its own error message. */
export function Field({label, name, hint, error, ...input}) {
  const hintId = `${name}-hint`;
  return html`
    <div class="field">
      <label for=${name}>${label}</label>
      <input id=${name} name=${name} aria-describedby=${hint || error ? hintId : undefined} aria-invalid=${error ? 'true' : undefined} ...${input} />
      ${(hint || error) && html`<p id=${hintId} class=${error ? 'field-error' : 'field-hint'}>${error ?? hint}</p>`}
    </div>`;
}

/** A button for slow work: it ignores a second press and keeps its size and its focus. */
export function BusyButton({onPress, children, className = 'button', disabled, ...rest}) {
  const [busy, setBusy] = useState(false);
  const mounted = useRef(true);
  useEffect(() => () => {
    mounted.current = false;
  }, []);
  const press = async (event) => {
    if (busy) return;
    setBusy(true);
    try {
      await onPress(event);
    } finally {
      if (mounted.current) setBusy(false);
    }
  };
  return html`<button type="button" class=${className} data-busy=${busy} aria-disabled=${busy} disabled=${disabled} onClick=${press} ...${rest}>${children}</button>`;
}

/** An error as a sentence, with a reference for support where the system is at fault. */
export function ErrorMessage({error}) {
  const id = referenceOf(error);
  return html`${errorText(error)}${id && html` <details class="reference"><summary>Details</summary><span>Quote this to support: <span class="mono">${id}</span></span></details>`}`;
}

/** Show a list, or that it is loading, failed or empty. A failed read repeats by itself. */
export function Loaded({state, rows = 3, empty, retry, children}) {
  const {value, error} = state;
  if (value === undefined && error) return html`<${ReadError} error=${error} retry=${retry} />`;
  if (value === undefined) {
    return html`<div class="skeletons" role="status" aria-busy="true" aria-label="Loading">${Array.from({length: rows}, (_, i) => html`<span key=${i} class="skeleton"></span>`)}</div>`;
  }
  if (empty && (value === null || value.length === 0)) return empty;
  return html`${error && html`<p class="stale" role="status">This may be out of date: it could not be read again.</p>`}${children(value)}`;
}

/** Show that something could not be read. */
export function ReadError({error, retry}) {
  return html`
    <div class="notice tone-bad" role="status">
      <p><${ErrorMessage} error=${error} /> <span class="notice-more">This page keeps trying.</span></p>
      ${retry && html`<${BusyButton} className="button quiet" onPress=${retry}>Try again<//>`}
    </div>`;
}

/** An empty list, with a sentence on how to fill it. */
export function Empty({icon, title, children}) {
  return html`<div class="empty"><span class="empty-icon"><${Icon} name=${icon} size="26" /></span><p class="empty-title">${title}</p><p>${children}</p></div>`;
}

/** A text that a person typed: it may be long, and written from right to left. */
export function UserText({children}) {
  return html`<bdi class="user-text" dir="auto">${children}</bdi>`;
}

const toasts = createStore([]);
let made = 0;

/**
 * Show a short message for a few seconds; `action` is {label, press}. Return how to take it away.
 * @param {any} text
 * @param {{tone?: string, ms?: number, action?: {label: string, press: () => void}}} [options]
 */
export function toast(text, {tone = 'good', ms = 6_000, action} = {}) {
  const id = (made += 1);
  const remove = () => toasts.set((all) => all.filter((one) => one.id !== id));
  toasts.set((all) => [...all.slice(-2), {id, text, tone, action, remove}]);
  setTimeout(remove, ms);
  return remove;
}

/** Show an error long enough to read it. */
export function toastError(error) {
  toast(html`<${ErrorMessage} error=${error} />`, {tone: 'bad', ms: 15_000});
}

export function Toasts() {
  const all = useStore(toasts);
  return html`
    <div class="toasts" role="status" aria-live="polite">
      ${all.map(({id, text, tone, action, remove}) => html`
        <div key=${id} class="toast tone-${tone}">
          <span>${text}</span>
          ${action && html`<button type="button" class="toast-action" onClick=${() => { remove(); action.press(); }}>${action.label}</button>`}
          <button type="button" class="toast-close" aria-label="Close the message" onClick=${remove}><${Icon} name="cross" size="16" /></button>
        </div>`)}
    </div>`;
}
