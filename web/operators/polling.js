import {createStore, useStore} from '../shared/store.js';
import {useCallback, useEffect, useRef, useState} from '../shared/vendor/preact.js';
import {session} from './session.js';

/** Time between two reads of the visible data (ms). A hidden page reads nothing. */
export const PACE = 2_000;
const SLOWEST = 30_000;
/** Data older than this many intervals is stale. */
const STALE = 3;

/** Whether reads are paused, and for each read on the screen `{key, pace, at, error}`: the time of its last success and the error since. */
export const freshness = createStore({paused: false, reads: new Map()});

export function togglePause() {
  freshness.set((now) => ({...now, paused: !now.paused}));
}

/**
 * Summarise all reads: `{state, at, error}`. `at` is the time of the oldest data on the screen.
 * `away`: no read succeeds; `stale`: some data is old; `first`: nothing was read yet.
 */
export function stateOf({paused, reads}, now = Date.now()) {
  const known = [...reads.values()].filter(({at, error}) => at || error);
  const shown = known.filter(({at}) => at);
  const at = shown.length ? Math.min(...shown.map((read) => read.at)) : null;
  if (paused) return {state: 'paused', at};
  if (known.length && known.every(({error}) => error && isTrouble(error))) return {state: 'away', at, error: known[0].error};
  if (shown.some((read) => read.error || now - read.at > STALE * read.pace)) return {state: 'stale', at};
  return {state: known.length ? 'live' : 'first', at};
}

/**
 * Call `read(signal)` repeatedly and return its newest result: `{value, error, at, again}`.
 * A new `key` starts over. After a failed read the last value stays; `at` says how old it is.
 */
export function usePolled(key, read, {pace = PACE, fresh = true} = {}) {
  const [state, setState] = useState({key, value: undefined, error: undefined, at: undefined});
  const {paused} = useStore(freshness);
  const {expired} = useStore(session);
  const turn = useRef(0);
  const me = useRef({}).current;
  const latest = useRef(read);
  latest.current = read;
  const [asked, setAsked] = useState(0);
  const again = useCallback(() => setAsked((times) => times + 1), []);
  useEffect(() => () => forget(me), []);
  useEffect(() => {
    const controller = new AbortController();
    const mine = (turn.current += 1);
    let timer;
    let failures = 0;
    const update = async () => {
      try {
        const value = await latest.current(controller.signal);
        if (mine !== turn.current) return;
        failures = 0;
        const at = Date.now();
        setState({key, value, error: undefined, at});
        if (fresh) note(me, key, {pace, at, error: null});
      } catch (error) {
        if (controller.signal.aborted || mine !== turn.current) return;
        failures += 1;
        setState((now) => (now.key === key ? {...now, error} : {key, value: undefined, error, at: undefined}));
        if (fresh) note(me, key, {pace, error});
      }
      plan();
    };
    const plan = () => {
      clearTimeout(timer);
      if (!fresh || paused || expired || document.hidden || mine !== turn.current) return;
      timer = setTimeout(update, Math.min(pace * 2 ** failures, SLOWEST));
    };
    const wake = () => (document.hidden ? clearTimeout(timer) : paused || expired ? undefined : void update());
    document.addEventListener('visibilitychange', wake);
    if (fresh) note(me, key, {pace});
    if (!expired) void update();
    return () => {
      turn.current += 1;
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
    };
  }, [key, paused, expired, asked, fresh, pace]);
  return state.key === key ? {...state, again} : {value: undefined, error: undefined, at: undefined, again};
}

function note(me, key, change) {
  freshness.set(({paused, reads}) => {
    const before = reads.get(me);
    const known = before?.key === key ? before : {key, at: null, error: null};
    return {paused, reads: new Map(reads).set(me, {...known, ...change})};
  });
}

function forget(me) {
  freshness.set(({paused, reads}) => {
    const left = new Map(reads);
    left.delete(me);
    return {paused, reads: left};
  });
}

/** Return whether an error is a fault of the system or the network. The view itself reports a refusal. */
function isTrouble(error) {
  return error.status === undefined || error.status === 429 || error.status >= 500;
}
