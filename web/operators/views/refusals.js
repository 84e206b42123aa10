import {hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {call, withQuery} from '../session.js';
import {duration, number, percent} from '../texts.js';

/** The least number of refusals of a type that is compared with its usual rate. */
const SEVERAL = 10;
/** A rate is unusual when it is this many times the usual one, and at least this share of the tasks that ended. */
const [TIMES, LEAST] = [3, 0.2];
/** The least number of ended tasks from which a usual rate is known. */
const KNOWN = 20;
/** Time between two reads of the usual rates (ms). */
const PACE = 60_000;

/** Return the usual share of refusals of each type that refuses a lot now, from the last 24 hours: an object by type. */
export function useUsualRefusals({byType, at, window}) {
  const types = byType.filter(({failed}) => failed >= SEVERAL).map(({type}) => type).sort();
  const before = Date.parse(at) - window.seconds * 1_000;
  const {value} = usePolled(`refusals ${types.join(' ')}`, async (signal) => {
    const read = async (type) => [type, usualOf(await call('GET', withQuery('/ops/history', {hours: 24, type}), undefined, {signal}), before)];
    return Object.fromEntries(await Promise.all(types.map(read)));
  }, {pace: PACE, fresh: types.length > 0});
  return value ?? {};
}

/**
 * Return the share of refusals before a moment, or null where too few tasks have ended.
 * @param {any} history the answer of /ops/history
 * @param {number} before
 */
export function usualOf({points}, before) {
  const past = points.filter(({at}) => Date.parse(at) < before);
  const [ended, refused] = ['ended', 'refused'].map((name) => past.reduce((sum, point) => sum + point[name], 0));
  return ended < KNOWN ? null : refused / ended;
}

/** Return an alert for each type whose refusals are far above its usual rate. Refusals are no failures, but many may have one cause. */
export function refusalAlerts({byType, window}, usual) {
  const rated = byType.filter(({type, failed}) => failed >= SEVERAL && typeof usual[type] === 'number').map((counts) => ({...counts, rate: counts.failed / (counts.completed + counts.failed + counts['dead-letter'])}));
  return rated.filter(({type, rate}) => rate >= LEAST && rate >= TIMES * usual[type]).map(({type, failed, rate}) => ({
    key: `refusals ${type}`,
    tone: 'warn',
    text: `${percent(rate)} of the tasks of type ${type} were refused in the last ${duration(window.seconds * 1_000)}, ${number(failed)} in all; usually ${percent(usual[type])}.`,
    href: hashOf({view: 'tasks', query: {type, status: 'failed', order: 'ended', since: `${window.seconds}s`}}),
    action: 'See them',
    runbook: undefined,
  }));
}
