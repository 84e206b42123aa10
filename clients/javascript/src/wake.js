/**
 * Calls `look` when the page or the network comes back, or may have gone.
 *
 * The browser's word is a hint only (a machine without a network still reaches itself): it hastens a look and never
 * stops one.
 * @param {() => void} look
 * @returns {() => void}
 */
export function onWake(look) {
  const page = globalThis.document;
  const target = globalThis.window;
  if (!page || !target) return () => {};
  const seen = () => {
    if (page.visibilityState === 'visible') look();
  };
  target.addEventListener('online', look);
  target.addEventListener('offline', look);
  target.addEventListener('pageshow', seen);
  page.addEventListener('visibilitychange', seen);
  return () => {
    target.removeEventListener('online', look);
    target.removeEventListener('offline', look);
    target.removeEventListener('pageshow', seen);
    page.removeEventListener('visibilitychange', seen);
  };
}
