import {html} from '../../shared/vendor/preact.js';

const WIDE = 200;
const HIGH = 40;
/** A figure over time: a line with gaps where the page read nothing. The text beside it gives the same value. */
export function Curve({points, name, format, now, span, marks}) {
  const shown = points.filter((point) => point.at >= now - span && point[name] !== null);
  const start = now - span;
  const top = Math.max(...shown.map((point) => point[name]), 0);
  const x = (at) => ((WIDE * (at - start)) / Math.max(now - start, 1)).toFixed(1);
  const y = (point) => (HIGH - 2 - (top ? (HIGH - 6) * (point[name] / top) : 0)).toFixed(1);
  const lines = runsOf(shown).map((run) => ({
    line: run.map((point, i) => `${i ? 'L' : 'M'}${x(point.at)} ${y(point)}`).join('') + (run.length === 1 ? 'h0.01' : ''),
    ends: `L${x(run.at(-1).at)} ${HIGH}L${x(run[0].at)} ${HIGH}Z`,
  }));
  return html`
    <div class="figure-curve">
      ${top > 0 && html`<span class="figure-peak">peak ${format(top)}</span>`}
      <svg class="curve" viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" aria-hidden="true">
        <line class="curve-base" x1="0" x2=${WIDE} y1=${HIGH - 1} y2=${HIGH - 1} />
        ${lines.map(({line, ends}, i) => html`<g key=${i}><path class="curve-ground" d=${line + ends} /><path class="curve-line" d=${line} /></g>`)}
        ${marks.filter(({at}) => at >= start).map(({id, at}) => html`<line key=${id} class="mark" x1=${x(at)} x2=${x(at)} y1="0" y2=${HIGH} />`)}
      </svg>
    </div>`;
}

/** Group points into runs. A gap begins where a point's validity ends before the next point. */
export function runsOf(points) {
  const runs = [];
  for (const point of points) {
    const last = runs.at(-1)?.at(-1);
    if (last && point.at - last.at <= Math.max(last.stands, point.stands)) runs.at(-1).push(point);
    else runs.push([point]);
  }
  return runs;
}

/** The name of a status on a tinted background. */
export function Status({of: {word, tone}, live}) {
  return html`<span class="chip tone-${tone}" data-live=${Boolean(live)}>${live && html`<span class="chip-dot" aria-hidden="true"></span>`}${word}</span>`;
}
