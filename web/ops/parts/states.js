import {html} from '../../vendor/preact.js';
import {faultWords} from '../words.js';

/** What a view shows when it could not be read. */
export function Fault({error, again}) {
  return html`<div class="notice tone-bad" role="alert"><p>${faultWords(error)}</p><button type="button" class="button small quiet" onClick=${again}>Try again</button></div>`;
}

/** What a view shows while it is first read. */
export function Rows() {
  return html`<div class="skeletons" aria-busy="true" aria-label="Loading">${Array.from({length: 8}, (_, i) => html`<span key=${i} class="skeleton row-skeleton"></span>`)}</div>`;
}
