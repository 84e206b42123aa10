import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';
import {errorText} from '../texts.js';

/** Ask the API what an action would do: `{result}` or `{error}`, neither while the request runs. */
export function usePreview(path, body) {
  const [preview, setPreview] = useState(/** @type {{result?: any, error?: any}} */ ({}));
  useEffect(() => {
    let gone = false;
    call('POST', path, body).then(
      (result) => !gone && setPreview({result}),
      (error) => !gone && setPreview({error}),
    );
    return () => {
      gone = true;
    };
  }, []);
  return preview;
}

/** Show a preview; `children(result)` renders it. */
export function Preview({preview: {result, error}, does, children}) {
  if (error) return html`<div class="preview" data-fault="true" role="alert"><p>${errorText(error)}</p></div>`;
  if (!result) return html`<div class="preview" aria-busy="true"><p>Counting what this would ${does}…</p></div>`;
  return html`<div class="preview" role="status">${children(result)}</div>`;
}
