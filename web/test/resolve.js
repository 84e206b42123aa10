import {register} from 'node:module';
import {parseHTML} from 'linkedom';

register('./hooks.js', import.meta.url);

/** The parts of a browser that the pages use when they are loaded. */
const {window} = parseHTML('<!doctype html><html lang="en"><body><div id="app"></div></body></html>');
const storage = () => {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, String(value)),
    removeItem: (key) => void items.delete(key),
  };
};
const {document, Event, CustomEvent, HTMLElement, Node} = window;
Object.assign(globalThis, {
  window, document, Event, CustomEvent, HTMLElement, Node,
  location: new URL('http://page.example/'),
  localStorage: storage(),
  sessionStorage: storage(),
  addEventListener: window.addEventListener.bind(window),
  removeEventListener: window.removeEventListener.bind(window),
  dispatchEvent: window.dispatchEvent.bind(window),
  requestAnimationFrame: (draw) => setTimeout(draw, 0),
  cancelAnimationFrame: clearTimeout,
  matchMedia: () => ({matches: false, addEventListener() {}, removeEventListener() {}}),
  scrollTo() {},
  CSS: {escape: (text) => text},
  ResizeObserver: class { observe() {} disconnect() {} },
});
Object.defineProperty(globalThis, 'navigator', {value: {language: 'en-GB', onLine: true}, configurable: true});
