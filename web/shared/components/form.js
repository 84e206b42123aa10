import {fieldErrors} from '../errors.js';
import {html, useEffect, useLayoutEffect, useRef, useState} from '../vendor/preact.js';
import {ErrorMessage} from './controls.js';

/**
 * A form that shows each error beside its field and moves the focus to the first one.
 *
 * `submit(values, form)` sends it. `children(errors)` renders the fields; `errors` has a sentence for each field at fault.
 * Errors of no field of the form stand above the button.
 */
export function Form({submit, action, className = 'stack', buttonClass = 'button wide', subjects, children}) {
  const form = useRef(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const mounted = useMounted();
  const all = fieldErrors(error, subjects);
  const own = all.filter(({field}) => form.current?.elements[field]);
  const send = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await submit(valuesOf(form.current), form.current);
    } catch (fault) {
      if (mounted.current) setError(fault);
    }
    if (mounted.current) setBusy(false);
  };
  useLayoutEffect(() => {
    if (own.length) form.current.elements[own[0].field].focus();
  }, [error]);
  const rest = all.filter((one) => !own.includes(one));
  return html`
    <form class=${className} ref=${form} onSubmit=${send}>
      ${children(Object.fromEntries(own.map(({field, message}) => [field, message])))}
      <p class="form-error" role="alert">${error && (all.length === 0 ? html`<${ErrorMessage} error=${error} />` : rest.map(({message}) => message).join(' '))}</p>
      <button class=${buttonClass} data-busy=${busy} aria-disabled=${busy}>${action}</button>
    </form>`;
}

/** @returns {Record<string, string>} */
function valuesOf(form) {
  return /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
}

/** Return a ref that is false once the component is gone. */
export function useMounted() {
  const mounted = useRef(true);
  useEffect(() => () => {
    mounted.current = false;
  }, []);
  return mounted;
}
