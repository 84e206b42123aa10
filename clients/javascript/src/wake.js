/**
 * Call `check` when the page or the network returns, or may be lost.
 *
 * The browser's report only triggers a check and never replaces one: a machine without a network can still reach
 * itself.
 * @param {() => void} check
 * @returns {() => void}
 */
export function onWake(check) {
  const page = globalThis.document;
  const target = globalThis.window;
  if (!page || !target) return () => {};
  const seen = () => {
    if (page.visibilityState === 'visible') check();
  };
  target.addEventListener('online', check);
  target.addEventListener('offline', check);
  target.addEventListener('pageshow', seen);
  page.addEventListener('visibilitychange', seen);
  return () => {
    target.removeEventListener('online', check);
    target.removeEventListener('offline', check);
    target.removeEventListener('pageshow', seen);
    page.removeEventListener('visibilitychange', seen);
  };
}
