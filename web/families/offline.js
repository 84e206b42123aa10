// The service worker of the family page. It keeps the files of the page, so that the page opens without a network.
// Every file comes from the network where there is one. It never answers for the API: kept.js keeps what was read.
const CACHE = 'playmate-page';
const OTHERS = /^\/(api|auth|ops|operator|health|openapi\.json)(\/|$)/;

addEventListener('install', (event) => {
  skipWaiting();
  event.waitUntil(keepAllFiles());
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const {method, url, headers} = event.request;
  const {origin, pathname} = new URL(url);
  if (method === 'GET' && origin === location.origin && !OTHERS.test(pathname) && !headers.has('range')) event.respondWith(networkFirst(event));
});

/** Keep the page and each file that it names: it names all its modules, styles and fonts. */
async function keepAllFiles() {
  const text = await (await fetch('./')).text();
  const files = [...text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, file]) => file);
  await (await caches.open(CACHE)).addAll(['./', ...new Set(files)]);
}

async function networkFirst(event) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(event.request);
    if (answer.status === 200) event.waitUntil(cache.put(event.request, answer.clone()));
    return answer;
  } catch (error) {
    const kept = await cache.match(event.request, {ignoreSearch: event.request.mode === 'navigate'});
    if (kept) return kept;
    throw error;
  }
}
