import {toast} from '../../shared/components/controls.js';
import {html} from '../../shared/vendor/preact.js';

/** A stored value, collapsed at first. */
export function Json({name, value, open = false}) {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return html`
    <details class="fold" open=${open}>
      <summary>${name}<span class="fold-size">${size(text)}</span></summary>
      <div class="fold-inside">
        <${Copy} text=${text} subject=${name} />
        <pre tabindex="0" aria-label=${name}>${text}</pre>
      </div>
    </details>`;
}

/** A button that copies a text to the clipboard. */
export function Copy({text, subject}) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(`${subject} copied.`);
    } catch {
      toast('This browser does not let the page copy. Select the text instead.', {tone: 'bad'});
    }
  };
  return html`<button type="button" class="copy" aria-label=${`Copy: ${subject}`} title="Copy" onClick=${copy}>
    <svg class="icon" width="15" height="15" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M8.5 8.5V4.5h11v11h-4M4.5 8.5h11v11h-11z" /></svg>
  </button>`;
}

function size(text) {
  return text.length < 1_000 ? `${text.length} characters` : `${(text.length / 1_000).toFixed(1)} k characters`;
}
