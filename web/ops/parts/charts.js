import {html} from '../../vendor/preact.js';
import {number} from './words.js';

const WIDE = 640;
const HIGH = 150;

/** What ended in each step, stacked: well below, badly on top. The table behind it is for those who cannot see it. */
export function Bars({series, seconds}) {
  const steps = fill(series, seconds);
  const most = Math.max(4, ...steps.map((step) => step.ended));
  const width = WIDE / steps.length;
  const height = (count) => (count / most) * (HIGH - 22);
  const total = steps.reduce((sum, step) => sum + step.ended, 0);
  const bad = steps.reduce((sum, step) => sum + step.bad, 0);
  const words = `${number(total)} tasks ended in ${seconds / 60} minutes, ${number(bad)} of them badly`;
  return html`
    <figure class="bars">
      <svg viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label=${words} preserveAspectRatio="none">
        ${[0.5, 1].map((part) => html`<line class="bars-line" x1="0" x2=${WIDE} y1=${HIGH - height(most * part)} y2=${HIGH - height(most * part)} />`)}
        ${steps.map((step, index) => html`
          <g key=${step.at}>
            <rect class="bar-good" x=${index * width + 1.5} width=${width - 3} y=${HIGH - height(step.ended - step.bad)} height=${height(step.ended - step.bad)} rx="2" />
            ${step.bad > 0 && html`<rect class="bar-bad" x=${index * width + 1.5} width=${width - 3} y=${HIGH - height(step.ended)} height=${Math.max(3, height(step.bad))} rx="2" />`}
            <title>${`${step.ended} ended, ${step.bad} badly`}</title>
          </g>`)}
      </svg>
      <figcaption><span>${seconds / 60} min ago</span><span>at most ${number(most)} in ${series.stepSeconds} s</span><span>now</span></figcaption>
    </figure>`;
}

/** A line of what was seen since the page was opened. */
export function Spark({values, label}) {
  if (values.length < 2) return html`<svg class="spark" viewBox="0 0 100 24" aria-hidden="true"></svg>`;
  const most = Math.max(1, ...values);
  const points = values.map((value, index) => `${(index / (values.length - 1)) * 100},${22 - (value / most) * 20}`).join(' ');
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=${label}><polyline points=${points} /></svg>`;
}

function fill({stepSeconds, points}, seconds) {
  const step = stepSeconds * 1000;
  const last = Math.max(Math.floor(Date.now() / step) * step, ...points.map((point) => +new Date(point.at)));
  const known = new Map(points.map((point) => [+new Date(point.at), point]));
  const count = Math.round(seconds / stepSeconds);
  return Array.from({length: count}, (_, index) => {
    const at = last - (count - 1 - index) * step;
    return known.get(at) ?? {at, ended: 0, bad: 0};
  });
}
