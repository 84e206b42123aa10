import {useEffect, useState} from '../shared/vendor/preact.js';

/** Where the page is, kept in its address: `#tasks/ID?status=failed` is {view, id, query}. */
export function routeOf(hash, views) {
  const [path, query = ''] = hash.replace(/^#/, '').split('?');
  const [view, id = ''] = path.split('/');
  const known = views.includes(view);
  return {view: known ? view : views[0], id: known ? decoded(id) : '', query: Object.fromEntries(new URLSearchParams(query))};
}

/** An address typed wrong names nothing. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

export function hashOf({view, id = '', query = {}}) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#${view}${id ? `/${encodeURIComponent(id)}` : ''}${given.length ? `?${new URLSearchParams(given)}` : ''}`;
}

export function go(route) {
  location.hash = hashOf(route);
}

export function useRoute(views) {
  const [route, setPlace] = useState(() => routeOf(location.hash, views));
  useEffect(() => {
    const look = () => setPlace(routeOf(location.hash, views));
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return route;
}
