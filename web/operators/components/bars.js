import {html} from '../../shared/vendor/preact.js';
import {clock, duration, number, plural} from '../texts.js';

const WIDE = 640;
const HIGH = 120;
/** The least number of tasks that fills a bar, so that a single task does not fill the chart. */
const FEWEST = 4;
/** The time from which the server counts steps (ms). */
const ORIGIN = Date.UTC(2000, 0, 1);

/** Stacked bars of the tasks that ended in each step: completed at the bottom, then cancelled, then failed. */
export function Bars({points, stepSeconds, span, now, marks, whole}) {
  const steps = stepsOf(points, stepSeconds * 1_000, span, now, whole);
  const most = Math.max(FEWEST, ...steps.map(({ended}) => ended));
  const width = WIDE / steps.length;
  const gap = Math.min(3, width * 0.25);
  const bar = (i, from, count, kind) => count > 0 && html`
    <rect class=${kind} x=${i * width + gap / 2} width=${width - gap} y=${HIGH - (HIGH * (from + count)) / most} height=${(HIGH * count) / most} />`;
  const total = steps.reduce((sum, {ended}) => sum + ended, 0);
  const bad = steps.reduce((sum, step) => sum + step.bad, 0);
  const begin = steps[0].at;
  const x = (at) => (WIDE * (at - begin)) / (steps.length * stepSeconds * 1_000);
  return html`
    <figure class="bars">
      <div class="bars-frame">
        <span class="bars-most">${number(most)}</span>
        <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${`${plural(total, 'task')} ended, ${number(bad)} of them failed`} preserveAspectRatio="none">
          ${steps.map(({at, known, ended, bad: failed, refused, cancelled}, i) => html`
            <g key=${at}>
              ${known && html`<rect class="bar-none" x=${i * width + gap / 2} width=${width - gap} y=${HIGH - 2} height="2" />`}
              ${bar(i, 0, ended - failed - refused - cancelled, 'bar-good')}${bar(i, ended - failed - refused - cancelled, cancelled, 'bar-off')}${bar(i, ended - failed - refused, refused, 'bar-refused')}${bar(i, ended - failed, failed, 'bar-bad')}
              <title>${`${clock(at)}: ${known ? `${number(ended)} ended, ${number(failed)} failed, ${number(refused)} refused${cancelled ? `, ${number(cancelled)} cancelled` : ''}` : 'no figures'}`}</title>
            </g>`)}
          ${marks.filter(({at}) => at >= begin).map(({id, at, text}) => html`<line key=${id} class="mark" x1=${x(at)} x2=${x(at)} y1="0" y2=${HIGH}><title>${text}</title></line>`)}
        </svg>
      </div>
      <figcaption><span>${duration(steps.length * stepSeconds * 1_000)} ago</span><span>${duration(stepSeconds * 1_000)} per bar</span><span>now</span></figcaption>
    </figure>`;
}

/** Return every step of the span, also steps without figures. In a `whole` span, a missing step means that no task ended in it. */
function stepsOf(points, step, span, now, whole) {
  const slot = (at) => Math.floor((at - ORIGIN) / step);
  const known = new Map(points.map((point) => [slot(Date.parse(point.at)), point]));
  const last = slot(now);
  const reach = Math.round(span / step);
  const first = last - reach + 1;
  return Array.from({length: last - first + 1}, (_, i) => {
    const point = known.get(first + i);
    return {ended: 0, bad: 0, refused: 0, cancelled: 0, ...point, known: whole || Boolean(point), at: ORIGIN + (first + i) * step};
  });
}
