// Write into each page the list of all its modules, so that a browser loads them at once and not one import after another.
// Run by `npm run preload`; a test fails while a page's list is out of date.
import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const WEB = new URL('./', import.meta.url);
/** Folders by the path at which a browser sees them; the longest first. */
const SERVED = [['/client/', '../clients/javascript/'], ['/operator/', 'operators/'], ['/shared/', 'shared/'], ['/', 'families/']];
const PAGES = {families: '/', operators: '/operator/'};
const [BEGIN, END] = ['    <!-- modules: npm run preload -->', '    <!-- end of modules -->'];
const IMPORT = /^(?:import|export)\s[^'"]*?from\s*'([^']+)'|^import\s*'([^']+)'/gm;

function fileOf(path) {
  const [prefix, folder] = SERVED.find(([served]) => path.startsWith(served));
  return new URL(folder + path.slice(prefix.length), WEB);
}

/** Return the paths of a page's modules, each once, in the order in which imports reach them. */
export function modulesOf(page) {
  const base = `http://page${PAGES[page]}`;
  const found = [];
  const queue = [new URL('main.js', base).pathname];
  while (queue.length) {
    const path = queue.shift();
    if (found.includes(path)) continue;
    found.push(path);
    for (const [, from, bare] of readFileSync(fileOf(path), 'utf8').matchAll(IMPORT)) queue.push(new URL(from ?? bare, `http://page${path}`).pathname);
  }
  return found;
}

/** Return the page with its list of modules, as relative addresses. */
export function withModules(page) {
  const text = readFileSync(new URL(`${page}/index.html`, WEB), 'utf8');
  const links = modulesOf(page).map((path) => `    <link rel="modulepreload" href="${relative(PAGES[page], path)}">`);
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  return `${text.slice(0, start)}${BEGIN}\n${links.join('\n')}\n${text.slice(end)}`;
}

function relative(base, path) {
  return path.startsWith(base) && (base !== '/' || !SERVED.slice(0, -1).some(([prefix]) => path.startsWith(prefix))) ? path.slice(base.length) : `..${path}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of Object.keys(PAGES)) writeFileSync(new URL(`${page}/index.html`, WEB), withModules(page));
}
