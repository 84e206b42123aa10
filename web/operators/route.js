import {useLayoutEffect, useState} from '../shared/vendor/preact.js';

/** Parse the page's address: `#tasks/ID?status=failed` is `{view, id, query}`. */
export function routeOf(hash, views) {
  const [path, query = ''] = hash.replace(/^#/, '').split('?');
  const [view, id = ''] = path.split('/');
  const known = views.includes(view);
  return {view: known ? view : views[0], id: known ? decoded(id) : '', query: Object.fromEntries(new URLSearchParams(query))};
}

/** Decode a part of the address; a malformed one is empty. */
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
  const [route, setRoute] = useState(() => routeOf(location.hash, views));
  useLayoutEffect(() => {
    const update = () => setRoute(routeOf(location.hash, views));
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}
