const KEPT = 'playmate-theme';
const ORDER = ['auto', 'light', 'dark'];

export function theme() {
  const kept = localStorage.getItem(KEPT);
  return ORDER.includes(kept) ? kept : 'auto';
}

export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
  localStorage.setItem(KEPT, next);
  apply();
  return next;
}

function apply() {
  const chosen = theme();
  if (chosen === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  dispatchEvent(new Event('themechange'));
}

apply();
