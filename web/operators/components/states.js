import {useStore} from '../../shared/store.js';
import {html} from '../../shared/vendor/preact.js';
import {freshness, stateOf} from '../polling.js';
import {clock, errorText} from '../texts.js';

/** Show that a view could not be read. */
export function Fault({error, again}) {
  return html`<div class="notice tone-bad" role="alert"><p>${errorText(error)}</p><button type="button" class="button small quiet" onClick=${again}>Try again</button></div>`;
}

/** Show that the data of a view is stale, unless the whole page already says so. */
export function StaleNotice({read: {value, error, at, again}}) {
  const {state} = stateOf(useStore(freshness));
  if (value === undefined || !error || state === 'away') return null;
  return html`<div class="notice tone-warn" role="status"><p>${errorText(error)} The data is from ${clock(at)}.</p><button type="button" class="button small quiet" onClick=${again}>Try again</button></div>`;
}

/** Show that a view is being read for the first time. */
export function LoadingRows() {
  return html`<div class="skeletons" aria-busy="true" aria-label="Loading">${Array.from({length: 8}, (_, i) => html`<span key=${i} class="skeleton row-skeleton"></span>`)}</div>`;
}
