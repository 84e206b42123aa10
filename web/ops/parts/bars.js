import {html} from '../../vendor/preact.js';
import {number, plural} from '../words.js';

const WIDE = 640;
const HIGH = 120;
/** Tasks that fill a bar at least, so that a single one does not look like a storm. */
const FEWEST = 4;

/** What ended in each step of the window, stacked: what went well below, what did not on top. */
export function Bars({series, seconds}) {
  const steps = stepsOf(series, seconds);
  const most = Math.max(FEWEST, ...steps.map(({ended}) => ended));
  const width = WIDE / steps.length;
  const bar = (step, i, from, count, kind) => count > 0 && html`
    <rect class=${kind} x=${i * width + 1.5} width=${width - 3} y=${HIGH - (HIGH * (from + count)) / most} height=${(HIGH * count) / most} />`;
  const total = steps.reduce((sum, {ended}) => sum + ended, 0);
  const bad = steps.reduce((sum, step) => sum + step.bad, 0);
  return html`
    <figure class="bars">
      <div class="bars-frame">
        <span class="bars-most">${number(most)}</span>
        <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${`${plural(total, 'task')} ended, ${number(bad)} of them badly`} preserveAspectRatio="none">
          ${steps.map((step, i) => html`
            <g key=${step.at}>
              <rect class="bar-none" x=${i * width + 1.5} width=${width - 3} y=${HIGH - 2} height="2" />
              ${bar(step, i, 0, step.ended - step.bad, 'bar-good')}${bar(step, i, step.ended - step.bad, step.bad, 'bar-bad')}
              <title>${`${step.ended} ended, ${step.bad} badly`}</title>
            </g>`)}
        </svg>
      </div>
      <figcaption><span>${seconds / 60} min ago</span><span>each bar ${series.stepSeconds} s</span><span>now</span></figcaption>
    </figure>`;
}

/** Every step of the window, those in which nothing ended too. */
function stepsOf({stepSeconds, points}, seconds) {
  const step = stepSeconds * 1_000;
  const known = new Map(points.map((point) => [Math.floor(new Date(point.at) / step), point]));
  const last = Math.max(Math.floor(Date.now() / step), ...known.keys());
  const count = Math.round(seconds / stepSeconds);
  return Array.from({length: count}, (_, i) => {
    const at = last - (count - 1 - i);
    return {ended: 0, bad: 0, ...known.get(at), at};
  });
}
