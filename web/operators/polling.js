import {createStore, useStore} from '../shared/store.js';
import {useCallback, useEffect, useRef, useState} from '../shared/vendor/preact.js';
import {session} from './session.js';

/** Between two reads of what is on the screen (ms); a hidden page reads nothing. */
export const PACE = 2_000;
const SLOWEST = 30_000;
/** What is older than so many of its paces is not the present. */
const STALE = 3;

/** Whether reading goes on; and of each read on the screen {key, pace, at, error}: when it last worked, what was wrong since. */
export const freshness = createStore({paused: false, reads: new Map()});

export function togglePause() {
  freshness.set((now) => ({...now, paused: !now.paused}));
}

/**
 * What all reads together say: {state, at, error}. `at` is the moment of the oldest of what is shown.
 * away: none gets through; stale: some of what is shown is old; first: nothing was read yet.
 */
export function stateOf({paused, reads}, now = Date.now()) {
  const told = [...reads.values()].filter(({at, error}) => at || error);
  const shown = told.filter(({at}) => at);
  const at = shown.length ? Math.min(...shown.map((read) => read.at)) : null;
  if (paused) return {state: 'paused', at};
  if (told.length && told.every(({error}) => error && isTrouble(error))) return {state: 'away', at, error: told[0].error};
  if (shown.some((read) => read.error || now - read.at > STALE * read.pace)) return {state: 'stale', at};
  return {state: told.length ? 'live' : 'first', at};
}

/**
 * What `read(signal)` answers, read again and again: {value, error, at, again}.
 * A change of `key` starts over; a read that fails leaves the value that was there, which is as old as `at` says.
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
    const look = async () => {
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
      timer = setTimeout(look, Math.min(pace * 2 ** failures, SLOWEST));
    };
    const wake = () => (document.hidden ? clearTimeout(timer) : paused || expired ? undefined : void look());
    document.addEventListener('visibilitychange', wake);
    if (fresh) note(me, key, {pace});
    if (!expired) void look();
    return () => {
      turn.current += 1;
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
    };
  }, [key, paused, expired, asked, fresh, pace]);
  return state.key === key ? {...state, again} : {value: undefined, error: undefined, at: undefined, again};
}

function note(me, key, what) {
  freshness.set(({paused, reads}) => {
    const before = reads.get(me);
    const known = before?.key === key ? before : {key, at: null, error: null};
    return {paused, reads: new Map(reads).set(me, {...known, ...what})};
  });
}

function forget(me) {
  freshness.set(({paused, reads}) => {
    const left = new Map(reads);
    left.delete(me);
    return {paused, reads: left};
  });
}

/** Trouble of ours or of the network; what the server refuses is the view's to say. */
function isTrouble(error) {
  return error.status === undefined || error.status === 429 || error.status >= 500;
}
