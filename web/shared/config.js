const local = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

/** What differs between deployments. Served as it stands: replace this file next to the page, nothing is built. */
export const config = {
  /** Base of the HTTP API: empty for this page's own origin, else such as `https://api.example.com`. */
  apiUrl: '',
  /** Picture tiles for the map, such as `{url: 'https://tiles.example.com/{z}/{x}/{y}.png', attribution: '© …'}`; null draws the map from shipped data. */
  tiles: null,
  /** Families that a visitor of a stack on their own machine may enter as. */
  demo: local ? {families: ['Amira', 'Bruno', 'Chloe', 'Diego'], password: 'playdate-local-demo'} : null,
};
