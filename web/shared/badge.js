import {useLayoutEffect} from './vendor/preact.js';

const SIZE = 64;

/** Show a title with a count, and the count on the icon of the tab. */
export function useTitle(title, count) {
  useLayoutEffect(() => {
    document.title = `${count ? `(${count}) ` : ''}${title}`;
  }, [title, count]);
  useLayoutEffect(() => showCount(count), [count]);
}

/** The address of the page's own icon. */
let plain;

function showCount(count) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="icon"]'));
  if (!link) return undefined;
  plain ??= link.href;
  if (!count) {
    link.href = plain;
    return undefined;
  }
  let isNewest = true;
  const icon = new Image(SIZE, SIZE);
  icon.onload = () => {
    if (isNewest) link.href = drawn(icon, count);
  };
  icon.src = plain;
  return () => {
    isNewest = false;
  };
}

/** Return the icon with a count in its corner, as the address of a picture. */
function drawn(icon, count) {
  const canvas = Object.assign(document.createElement('canvas'), {width: SIZE, height: SIZE});
  const context = canvas.getContext('2d');
  context.drawImage(icon, 0, 0, SIZE, SIZE);
  context.fillStyle = '#b93616';
  context.beginPath();
  context.arc(SIZE - 21, 21, 21, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = '#ffffff';
  context.font = `bold ${count > 9 ? 26 : 32}px sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(count > 99 ? '99' : String(count), SIZE - 21, 23);
  return canvas.toDataURL();
}
