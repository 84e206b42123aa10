import {createStore, useStore} from '../shared/store.js';
import {usePolled} from './polling.js';
import {call, withQuery} from './session.js';

const KEPT = 'operator-figures';
/** Age of the oldest point that this page read itself (ms). */
const REACH = 900_000;
/** Least time between two points (ms), so that fifteen minutes are a few hundred points. */
const GRAIN = 1_900;
/** A point is valid for this time (ms). After that the curve has a gap: the page was hidden, paused or offline. */
const STANDS = 10_000;
/** The newest stored minute may be this old (ms) when the page starts; the curve has no gap between the two. */
const BEHIND = 130_000;
/** A stored minute this near (ms) to a point that the page read itself is left out. */
const NEAR = 30_000;
/** Interval between two reads of the stored figures (ms). */
const PACE = 30_000;

/** The ranges of the page: it asks the server for `hours` and shows `ms` of them. */
export const RANGES = {
  live: {word: '15 min', hours: 1, ms: REACH},
  1: {word: '1 h', hours: 1, ms: 3_600_000},
  6: {word: '6 h', hours: 6, ms: 21_600_000},
  24: {word: '24 h', hours: 24, ms: 86_400_000},
  168: {word: '7 d', hours: 168, ms: 604_800_000},
};

/** The value of each curve, from /ops/stats and from a point of /ops/history; null without a value. */
const FIGURES = {
  perSecond: [({recent}) => recent.perSecond, ({ended, minutes}) => ended / minutes / 60],
  failureRate: [({window}) => window.failureRate, ({ended, cancelled, bad}) => (ended > cancelled ? bad / (ended - cancelled) : 0)],
  due: [({live}) => live.due, ({due}) => due],
  processing: [({live}) => live.processing, ({processing}) => processing],
  oldest: [({oldestDueSeconds}) => oldestDueSeconds, ({oldestDueSeconds}) => oldestDueSeconds],
  dead: [({live}) => live.dead, ({dead}) => dead],
  submitted: [({recent}) => recent.submittedPerSecond, ({submitted, minutes}) => submitted / minutes / 60],
  wait: [({paceOfAll}) => paceOfAll?.waitP95 ?? null, ({waitP95}) => waitP95],
  took: [({paceOfAll}) => paceOfAll?.p95 ?? null, ({p95}) => p95],
  retrying: [({live}) => live.retrying, ({retrying}) => retrying],
  sockets: [({load}) => load.sockets, ({sockets}) => sockets],
  connections: [({load}) => load.connections, ({connections}) => connections],
};

/** Points in time order by the server's clock: `{at, stands, perSecond, …}`. They survive a reload, not the tab. */
const seen = createStore(remembered());

export function note(stats) {
  const at = Date.parse(stats.at);
  const last = seen.get().at(-1);
  if (last && at - last.at < GRAIN) return;
  const point = {at, stands: STANDS, ...read(0, stats)};
  seen.set((points) => [...points.filter((kept) => at - kept.at < REACH), point]);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(seen.get()));
  } catch {
    // The storage is full: the curves start anew after a reload.
  }
}

/** Read the stored figures of a range and the actions in it; `type` selects one task type. */
export function useHistory({hours}, type) {
  return usePolled(`history ${hours} ${type ?? ''}`, (signal) => call('GET', withQuery('/ops/history', {hours, type}), undefined, {signal}), {pace: PACE}).value;
}

/** Return the points of all curves in a range: the stored ones, and the newer or finer ones of this page. */
export function useCurves(range, history) {
  const own = joined(useStore(seen));
  const kept = history ? history.points.map((point) => keptPoint(point, history.stepSeconds * 1_000)) : [];
  if (range === RANGES.live) return [...kept.filter((point) => !own.some(({at}) => Math.abs(at - point.at) < NEAR)), ...own].sort((a, b) => a.at - b.at);
  return [...kept, ...own.filter(({at}) => !kept.length || at > kept.at(-1).at)];
}

function joined([first, ...rest]) {
  return first ? [{...first, stands: BEHIND}, ...rest] : [];
}

/** Return a stored point at the end of its step. */
function keptPoint(point, step) {
  return {at: Date.parse(point.at) + step, stands: step * 1.6, ...read(1, point)};
}

function read(source, value) {
  return Object.fromEntries(Object.entries(FIGURES).map(([name, readers]) => [name, readers[source](value)]));
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}
