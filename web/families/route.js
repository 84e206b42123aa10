import {useLayoutEffect, useState} from '../shared/vendor/preact.js';

/**
 * Parse the page's address: `#inbox/5` is `{view: 'inbox', id: '5', isKnown: true}`. An unknown view becomes the first one.
 * @param {string} hash
 * @param {string[]} views
 */
export function routeOf(hash, views) {
  const [view, id = ''] = hash.replace(/^#/, '').split('/');
  const isKnown = view === '' || views.includes(view);
  return {view: views.includes(view) ? view : views[0], id: isKnown ? decoded(id) : '', isKnown};
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** Return the present route; the component follows the address. */
export function useRoute(views) {
  const [route, setRoute] = useState(() => routeOf(location.hash, views));
  useLayoutEffect(() => {
    const update = () => setRoute(routeOf(location.hash, views));
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}
