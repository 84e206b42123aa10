import {useCallback, useEffect, useRef, useState} from '../../vendor/preact.js';
import {call} from '../api.js';

/** A path's answer, read again every so many milliseconds while the tab is seen. */
export function useLive(path, every) {
  const [state, setState] = useState({});
  const wanted = useRef(path);
  wanted.current = path;
  const look = useCallback(async () => {
    if (!path) return;
    try {
      const value = await call('GET', path);
      if (wanted.current === path) setState({value, at: Date.now()});
    } catch (error) {
      if (wanted.current === path) setState((now) => ({...now, error}));
    }
  }, [path]);
  useEffect(() => {
    setState({});
    let timer;
    let over = false;
    const turn = async () => {
      if (!document.hidden) await look();
      if (!over && every) timer = setTimeout(turn, every);
    };
    turn();
    const seen = () => {
      if (!document.hidden) look();
    };
    document.addEventListener('visibilitychange', seen);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [look, every]);
  return {...state, look};
}

/** Where the address says we are: `#/tasks?status=failed` gives `{view: 'tasks', query}`. */
export function usePlace() {
  const [place, setPlace] = useState(read());
  useEffect(() => {
    const moved = () => setPlace(read());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

export function go(view, query = {}) {
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
  const search = new URLSearchParams(given).toString();
  location.hash = `#/${view}${search && `?${search}`}`;
}

function read() {
  const [view, search = ''] = location.hash.replace(/^#\//, '').split('?');
  return {view: view || 'now', query: Object.fromEntries(new URLSearchParams(search))};
}
