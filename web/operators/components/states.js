import {useStore} from '../../store.js';
import {html} from '../../vendor/preact.js';
import {pulse, stateOf} from '../polling.js';
import {clock, faultWords} from '../words.js';

/** What a view shows when it could not be read. */
export function Fault({error, again}) {
  return html`<div class="notice tone-bad" role="alert"><p>${faultWords(error)}</p><button type="button" class="button small quiet" onClick=${again}>Try again</button></div>`;
}

/** What a view shows above what it read before, since it cannot be read any more; unless the whole page says so. */
export function Aged({read: {value, error, at, again}}) {
  const {state} = stateOf(useStore(pulse));
  if (value === undefined || !error || state === 'away') return null;
  return html`<div class="notice tone-warn" role="status"><p>${faultWords(error)} What is shown is from ${clock(at)}.</p><button type="button" class="button small quiet" onClick=${again}>Try again</button></div>`;
}

/** What a view shows while it is first read. */
export function Rows() {
  return html`<div class="skeletons" aria-busy="true" aria-label="Loading">${Array.from({length: 8}, (_, i) => html`<span key=${i} class="skeleton row-skeleton"></span>`)}</div>`;
}
