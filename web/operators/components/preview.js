import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';
import {errorText} from '../texts.js';

/** What a deed would do, asked of the API before anything is done: {told} or {error}, neither while it is asked. */
export function usePreview(path, body) {
  const [preview, setPreview] = useState({});
  useEffect(() => {
    let gone = false;
    call('POST', path, body).then(
      (told) => !gone && setPreview({told}),
      (error) => !gone && setPreview({error}),
    );
    return () => {
      gone = true;
    };
  }, []);
  return preview;
}

/** `children(told)` says it in words. */
export function Preview({preview: {told, error}, does, children}) {
  if (error) return html`<div class="preview" data-fault="true" role="alert"><p>${errorText(error)}</p></div>`;
  if (!told) return html`<div class="preview" aria-busy="true"><p>Looking what this would ${does}…</p></div>`;
  return html`<div class="preview" role="status">${children(told)}</div>`;
}
