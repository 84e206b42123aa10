import {createStore, useStore} from '../shared/store.js';
import {usePolled} from './polling.js';
import {call, withQuery} from './session.js';

const KEPT = 'operator-figures';
/** How far back the points reach that this page read itself (ms). */
const REACH = 900_000;
/** One point at most in so many ms, so that fifteen minutes stay a few hundred points. */
const GRAIN = 1_900;
/** For so long (ms) a point stands; after that there is a hole: the page was hidden, paused or cut off. */
const STANDS = 10_000;
/** The newest kept minute may be so old (ms) when a page begins to look: no hole is between the two. */
const BEHIND = 130_000;
/** A kept minute is left out so near (ms) to points that the page read itself. */
const NEAR = 30_000;
/** New figures are kept once a minute. */
const PACE = 30_000;

/** How far back the page looks: `hours` is what the server is asked for, `ms` what is shown of it. */
export const RANGES = {
  live: {word: '15 min', hours: 1, ms: REACH},
  1: {word: '1 h', hours: 1, ms: 3_600_000},
  6: {word: '6 h', hours: 6, ms: 21_600_000},
  24: {word: '24 h', hours: 24, ms: 86_400_000},
  168: {word: '7 d', hours: 168, ms: 604_800_000},
};

/** What each curve shows, read from /ops/stats and from a point of /ops/history; null where there was none. */
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

/** Points in time order: {at, stands, perSecond, …}, by the server's clock. They outlive a reload of the page, not the tab. */
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
    // A full store: the curves are drawn all the same, and a reload begins them anew.
  }
}

/** The kept figures of a range and what was done meanwhile; `type` narrows the figures to one type's. */
export function useHistory({hours}, type) {
  return usePolled(`history ${hours} ${type ?? ''}`, (signal) => call('GET', withQuery('/ops/history', {hours, type}), undefined, {signal}), {pace: PACE}).value;
}

/** The points of every curve in a range: what the server kept, and what this page has seen since or more finely. */
export function useCurves(range, history) {
  const own = joined(useStore(seen));
  const kept = history ? history.points.map((point) => keptPoint(point, history.stepSeconds * 1_000)) : [];
  if (range === RANGES.live) return [...kept.filter((point) => !own.some(({at}) => Math.abs(at - point.at) < NEAR)), ...own].sort((a, b) => a.at - b.at);
  return [...kept, ...own.filter(({at}) => !kept.length || at > kept.at(-1).at)];
}

function joined([first, ...rest]) {
  return first ? [{...first, stands: BEHIND}, ...rest] : [];
}

/** Drawn where its step ends: what there was is what there was then. */
function keptPoint(point, step) {
  return {at: Date.parse(point.at) + step, stands: step * 1.6, ...read(1, point)};
}

function read(place, source) {
  return Object.fromEntries(Object.entries(FIGURES).map(([name, readers]) => [name, readers[place](source)]));
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}
