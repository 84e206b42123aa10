import {html, useLayoutEffect, useRef} from '../../shared/vendor/preact.js';

/**
 * Show the thing that an address names: scroll to the element with `data-thing` and give it the focus, once its list is there.
 * @param {{id: string, things: {id: string | number}[] | undefined, what: string}} properties
 */
export function Linked({id, things, what}) {
  const shown = useRef('');
  const isThere = (things ?? []).some((thing) => String(thing.id) === id);
  useLayoutEffect(() => {
    if (!isThere || shown.current === id) return;
    shown.current = id;
    const element = /** @type {HTMLElement | null} */ (document.querySelector(`[data-thing="${CSS.escape(id)}"]`));
    element?.focus({preventScroll: true});
    element?.scrollIntoView({block: 'center'});
  }, [id, isThere]);
  if (!id || isThere || !things) return null;
  return html`<div class="notice" role="status"><p>This ${what} is no longer here. It may have been removed, or it belongs to another family.</p></div>`;
}
