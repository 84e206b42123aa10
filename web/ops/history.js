import {createStore} from '../store.js';

const KEPT = 'operator-history';
/** How far back the curves reach (ms). */
export const REACH = 900_000;
/** One point at most in so many ms, so that fifteen minutes stay a few hundred points. */
const GRAIN = 1_900;

/** What each curve shows, read from /ops/stats. */
const FIGURES = {
  perSecond: (stats) => stats.window.perSecond,
  failureRate: (stats) => stats.window.failureRate,
  waiting: (stats) => stats.live.due,
  processing: (stats) => stats.live.processing,
  oldest: (stats) => stats.oldestDueSeconds,
  dead: (stats) => stats.live.dead,
};

/** Points in time order: {at, perSecond, …}. They outlive a reload of the page, not the tab. */
export const history = createStore(remembered());

export function note(stats, now = Date.now()) {
  const last = history.get().at(-1);
  if (last && now - last.at < GRAIN) return;
  const point = {at: now, ...Object.fromEntries(Object.entries(FIGURES).map(([name, of]) => [name, of(stats)]))};
  history.set((points) => [...points.filter(({at}) => now - at < REACH), point]);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(history.get()));
  } catch {
    // A full store: the curves are drawn all the same, and a reload begins them anew.
  }
}

export function forget() {
  history.set([]);
}

function remembered() {
  try {
    return (JSON.parse(sessionStorage.getItem(KEPT)) ?? []).filter(({at}) => Date.now() - at < REACH);
  } catch {
    return [];
  }
}
