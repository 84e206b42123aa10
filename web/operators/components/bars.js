import {html} from '../../shared/vendor/preact.js';
import {clock, duration, number, plural} from '../texts.js';

const WIDE = 640;
const HIGH = 120;
/** Tasks that fill a bar at least, so that a single one does not look like a storm. */
const FEWEST = 4;
/** Bars that are shown at least, so that a stack that has just begun does not show one broad one. */
const NARROWEST = 12;
/** Where the server begins to count steps (ms). */
const ORIGIN = Date.UTC(2000, 0, 1);

/** What ended in each step, stacked: what went well below, then what was cancelled, what went wrong on top. */
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
        <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${`${plural(total, 'task')} ended, ${number(bad)} of them badly`} preserveAspectRatio="none">
          ${steps.map(({at, known, ended, bad: wrong, cancelled}, i) => html`
            <g key=${at}>
              ${known && html`<rect class="bar-none" x=${i * width + gap / 2} width=${width - gap} y=${HIGH - 2} height="2" />`}
              ${bar(i, 0, ended - wrong - cancelled, 'bar-good')}${bar(i, ended - wrong - cancelled, cancelled, 'bar-off')}${bar(i, ended - wrong, wrong, 'bar-bad')}
              <title>${`${clock(at)}: ${known ? `${number(ended)} ended, ${number(wrong)} badly${cancelled ? `, ${number(cancelled)} cancelled` : ''}` : 'no figures'}`}</title>
            </g>`)}
          ${marks.filter(({at}) => at >= begin).map(({id, at, words}) => html`<line key=${id} class="mark" x1=${x(at)} x2=${x(at)} y1="0" y2=${HIGH}><title>${words}</title></line>`)}
        </svg>
      </div>
      <figcaption><span>${duration(steps.length * stepSeconds * 1_000)} ago</span><span>each bar ${duration(stepSeconds * 1_000)}</span><span>now</span></figcaption>
    </figure>`;
}

/** Every step since the first that is known, those without figures too; where the span is `whole` a step that is missing had no end. */
function stepsOf(points, step, span, now, whole) {
  const place = (at) => Math.floor((at - ORIGIN) / step);
  const known = new Map(points.map((point) => [place(Date.parse(point.at)), point]));
  const last = place(now);
  const reach = Math.round(span / step);
  const first = Math.max(last - reach + 1, whole ? 0 : Math.min(last - NARROWEST + 1, ...known.keys()));
  return Array.from({length: last - first + 1}, (_, i) => {
    const point = known.get(first + i);
    return {ended: 0, bad: 0, cancelled: 0, ...point, known: whole || Boolean(point), at: ORIGIN + (first + i) * step};
  });
}
