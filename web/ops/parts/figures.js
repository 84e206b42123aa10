import {html} from '../../vendor/preact.js';
import {REACH} from '../history.js';

const WIDE = 200;
const HIGH = 40;

/** The last minutes of one figure: a line over its ground. What it says is said beside it in words. */
export function Curve({points, name, words, now = Date.now()}) {
  const start = Math.max(now - REACH, Math.min(points[0]?.at ?? now, now - 60_000));
  const top = Math.max(...points.map((point) => point[name]), 0);
  const x = ({at}) => (WIDE * (at - start)) / (now - start);
  const y = (point) => HIGH - 2 - (top ? (HIGH - 6) * (point[name] / top) : 0);
  const line = points.map((point, i) => `${i ? 'L' : 'M'}${x(point).toFixed(1)} ${y(point).toFixed(1)}`).join('');
  const ground = points.length > 1 ? `${line}L${x(points.at(-1)).toFixed(1)} ${HIGH}L${x(points[0]).toFixed(1)} ${HIGH}Z` : '';
  return html`
    <div class="figure-curve">
      ${top > 0 && html`<span class="figure-peak">peak ${words(top)}</span>`}
      <svg class="curve" viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" aria-hidden="true">
        <line class="curve-base" x1="0" x2=${WIDE} y1=${HIGH - 1} y2=${HIGH - 1} />
        ${ground && html`<path class="curve-ground" d=${ground} /><path class="curve-line" d=${line} />`}
      </svg>
    </div>`;
}

/** A word for a status, tinted. */
export function Status({of: {word, tone}, live}) {
  return html`<span class="chip tone-${tone}" data-live=${Boolean(live)}>${live && html`<span class="chip-dot" aria-hidden="true"></span>`}${word}</span>`;
}
