// Runs before the first paint, as a classic script: it applies the chosen theme and marks a page whose session goes on,
// so that the page shows neither other colours nor the sign-in text for a moment.
(function enter(script) {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem('playmate-theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    const kept = localStorage.getItem(script.dataset.session) ?? sessionStorage.getItem(script.dataset.session);
    if (kept) root.dataset.session = 'open';
  } catch {
    // Without storage there is no session and no chosen theme.
  }
})(/** @type {HTMLScriptElement} */ (document.currentScript));
