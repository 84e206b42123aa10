import {createStore, useStore} from '../store.js';
import {html, useEffect, useRef, useState} from '../vendor/preact.js';
import {errorText, referenceOf} from '../errors.js';
import {Icon} from './icons.js';

/** A short text on a tinted background. */
export function Chip({tone, children, live}) {
  return html`<span class="chip tone-${tone}">${live && html`<span class="chip-dot" aria-hidden="true"></span>`}${children}</span>`;
}

/** A labelled input with its own error message. */
export function Field({label, name, hint, fault, ...input}) {
  const hintId = `${name}-hint`;
  return html`
    <div class="field">
      <label for=${name}>${label}</label>
      <input id=${name} name=${name} aria-describedby=${hint || fault ? hintId : undefined} aria-invalid=${fault ? 'true' : undefined} ...${input} />
      ${(hint || fault) && html`<p id=${hintId} class=${fault ? 'field-fault' : 'field-hint'}>${fault ?? hint}</p>`}
    </div>`;
}

/** A button for slow work: it ignores a second press and keeps its size and its focus. */
export function Busy({onPress, children, className = 'button', disabled, ...rest}) {
  const [busy, setBusy] = useState(false);
  const mounted = useRef(true);
  useEffect(() => () => {
    mounted.current = false;
  }, []);
  const press = async (event) => {
    setBusy(true);
    try {
      await onPress(event);
    } finally {
      if (mounted.current) setBusy(false);
    }
  };
  return html`<button type="button" class=${className} data-busy=${busy} disabled=${busy || disabled} onClick=${press} ...${rest}>${children}</button>`;
}

/** An error as a sentence, with a reference for support where the system is at fault. */
export function Fault({error}) {
  const id = referenceOf(error);
  return html`${errorText(error)}${id && html` <small class="reference" title="Quote this when you ask about it">Reference <span class="mono">${id}</span></small>`}`;
}

/** Show a list, or that it is loading, failed or empty. */
export function Loaded({state, rows = 3, empty, retry, children}) {
  const {value, error} = state;
  if (value === undefined && error) {
    return html`<div class="notice tone-bad"><p><${Fault} error=${error} /></p>${retry && html`<button type="button" class="button quiet" onClick=${retry}>Try again</button>`}</div>`;
  }
  if (value === undefined) {
    return html`<div class="skeletons" role="status" aria-busy="true" aria-label="Loading">${Array.from({length: rows}, (_, i) => html`<span key=${i} class="skeleton"></span>`)}</div>`;
  }
  if (empty && (value === null || value.length === 0)) return empty;
  return children(value);
}

/** An empty list, with a sentence on how to fill it. */
export function Empty({icon, title, children}) {
  return html`<div class="empty"><span class="empty-icon"><${Icon} name=${icon} size="26" /></span><p class="empty-title">${title}</p><p>${children}</p></div>`;
}

const toasts = createStore([]);
let made = 0;

/** Show a short message for a few seconds. */
export function toast(text, tone = 'good', ms = 6_000) {
  const id = (made += 1);
  toasts.set((all) => [...all.slice(-2), {id, text, tone}]);
  setTimeout(() => toasts.set((all) => all.filter((one) => one.id !== id)), ms);
}

/** Show an error long enough to note its reference. */
export function toastFault(error) {
  toast(html`<${Fault} error=${error} />`, 'bad', 15_000);
}

export function Toasts() {
  const all = useStore(toasts);
  return html`<div class="toasts" role="status" aria-live="polite">${all.map(({id, text, tone}) => html`<p key=${id} class="toast tone-${tone}">${text}</p>`)}</div>`;
}
