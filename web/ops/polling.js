import {createStore, useStore} from '../store.js';
import {useCallback, useEffect, useRef, useState} from '../vendor/preact.js';
import {session} from './session.js';

/** Between two reads of what is on the screen (ms); a hidden page reads nothing. */
export const PACE = 2_000;
const SLOWEST = 30_000;

/** Whether reading goes on, when it last worked, and what was wrong since. */
export const pulse = createStore({paused: false, at: null, error: null});

export function togglePause() {
  pulse.set((now) => ({...now, paused: !now.paused}));
}

/**
 * What `read(signal)` answers, read again and again: {value, error, again}.
 * A change of `key` starts over; a read that fails leaves the value that was there.
 */
export function usePolled(key, read, {pace = PACE, fresh = true} = {}) {
  const [state, setState] = useState({key, value: undefined, error: undefined});
  const {paused} = useStore(pulse);
  const {expired} = useStore(session);
  const turn = useRef(0);
  const latest = useRef(read);
  latest.current = read;
  const [asked, setAsked] = useState(0);
  const again = useCallback(() => setAsked((times) => times + 1), []);
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
        setState({key, value, error: undefined});
        pulse.set((now) => ({...now, at: Date.now(), error: null}));
      } catch (error) {
        if (controller.signal.aborted || mine !== turn.current) return;
        failures += 1;
        setState((now) => (now.key === key ? {...now, error} : {key, value: undefined, error}));
        if (isTrouble(error)) pulse.set((now) => ({...now, error}));
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
    if (!expired) void look();
    return () => {
      turn.current += 1;
      controller.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', wake);
    };
  }, [key, paused, expired, asked, fresh, pace]);
  return state.key === key ? {...state, again} : {value: undefined, error: undefined, again};
}

/** Trouble of ours or of the network; what the server refuses is the view's to say. */
function isTrouble(error) {
  return error.status === undefined || error.status === 429 || error.status >= 500;
}
