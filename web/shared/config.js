const local = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);

/** Settings of a deployment. The browser reads this file as it is: replace it, there is no build step. */
export const config = {
  /** Base of the HTTP API: empty for this page's own origin, else such as `https://api.example.com`. */
  apiUrl: '',
  /** Picture tiles for the map, such as `{url: 'https://tiles.example.com/{z}/{x}/{y}.png', attribution: '© …'}`; null draws the map from shipped data. */
  tiles: null,
  /** Streets for the map: a PMTiles file with vector tiles on this page's own host, such as `{url: 'streets.pmtiles', attribution: '© OpenStreetMap'}`; null shows none. */
  streets: null,
  /** Address of the documentation site, such as `https://docs.example.com/`: runbooks are links then. */
  docs: null,
  /** Demonstration families of a local stack. */
  demo: local ? {families: ['Amira', 'Bruno', 'Chloe', 'Diego'], password: 'playdate-local-demo'} : null,
};
