import {Icon} from '../shared/components/icons.js';
import {useStore} from '../shared/store.js';
import {useTitle} from '../shared/badge.js';
import {SkipLink, ThemeButton} from '../shared/components/page_chrome.js';
import {html, useEffect, useLayoutEffect, useRef, useState} from '../shared/vendor/preact.js';
import {note} from './history.js';
import {moveInRows, selectRow, useKeys} from './keys.js';
import {Keys} from './components/keys.js';
import {StaleNotice} from './components/states.js';
import {go, hashOf, useRoute} from './route.js';
import {freshness, stateOf, togglePause, usePolled} from './polling.js';
import {call, signOut} from './session.js';
import {clock, errorText, short} from './texts.js';
import {Audit} from './views/audit.js';
import {DeadLetters} from './views/dead_letters.js';
import {Flags} from './views/flags.js';
import {Overview} from './views/overview.js';
import {Run} from './views/run.js';
import {Schedules} from './views/schedules.js';
import {Tasks} from './views/tasks.js';

const VIEWS = {
  overview: {name: 'Overview', view: Overview},
  tasks: {name: 'Tasks', view: Tasks},
  'dead-letters': {name: 'Dead letters', view: DeadLetters},
  flags: {name: 'Flags', view: Flags},
  audit: {name: 'Audit', view: Audit},
  schedules: {name: 'Schedules', view: Schedules},
};
const NAMES = Object.keys(VIEWS);
/** The views with those that have no tab. */
const ALL_VIEWS = {...VIEWS, run: {name: 'Run', view: Run}};

/** The signed-in page. It reads the statistics in every view, so that the curves have no gaps. */
export function Frame({user}) {
  const route = useRoute(Object.keys(ALL_VIEWS));
  const stats = usePolled('stats', (signal) => call('GET', '/ops/stats', undefined, {signal}));
  const main = useRef(null);
  const first = useRef(true);
  const searching = useRef(false);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    if (stats.value) note(stats.value);
  }, [stats.value]);
  useLayoutEffect(() => {
    const field = searching.current && searchField();
    if (!first.current) (field || main.current).focus({preventScroll: true});
    first.current = searching.current = false;
    scrollTo(0, 0);
  }, [route.view]);
  useTitle(titleOf(route), stats.value?.live.dead ?? 0);
  useKeys({
    ...Object.fromEntries(NAMES.map((name, i) => [String(i + 1), () => go({view: name})])),
    '/': () => {
      const field = searchField();
      if (field) return field.focus();
      searching.current = true;
      go({view: 'tasks'});
    },
    '?': () => setHelp(true),
    j: () => moveInRows(1),
    k: () => moveInRows(-1),
    x: selectRow,
    p: togglePause,
  });
  const {view: View} = ALL_VIEWS[route.view];
  return html`
    <${SkipLink} main=${main} />
    <header class="top">
      <a class="brand" href="#overview"><${Logo} /><span>Operator</span></a>
      <${Tabs} here=${route.view} addresses=${useAddresses(route)} dead=${stats.value?.live.dead ?? 0} />
      <div class="top-end">
        <${FreshnessButton} />
        <button type="button" class="icon-button keys-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick=${() => setHelp(true)}><span aria-hidden="true">?</span></button>
        <${ThemeButton} />
        <span class="who" title=${`Signed in as ${user.name}`}>${user.name}</span>
        <button type="button" class="icon-button" aria-label="Sign out" title="Sign out" onClick=${signOut}><${Icon} name="exit" /></button>
      </div>
    </header>
    <${Trouble} />
    <main id="main" ref=${main} tabindex="-1" data-view=${route.view}>
      ${route.view === 'overview' && html`<${StaleNotice} read=${stats} />`}
      <${View} user=${user} route=${route} stats=${stats} />
    </main>
    ${help && html`<${Keys} close=${() => setHelp(false)} views=${NAMES.map((name) => VIEWS[name].name)} />`}`;
}

/** Return the title of a view; the open task is named by the end of its id. */
function titleOf({view, id}) {
  return `${id ? `${view === 'run' ? 'Run' : 'Task'} ${short(id)}` : ALL_VIEWS[view].name} · Operator`;
}

/** @returns {HTMLElement | null} */
function searchField() {
  return document.querySelector('[data-search]');
}

/** Return the last address of each view, so that a tab returns to its filters. */
function useAddresses({view, query}) {
  const addresses = useRef(/** @type {Record<string, string>} */ ({}));
  addresses.current[view] = hashOf({view, query});
  return addresses.current;
}

function Tabs({here, addresses, dead}) {
  return html`
    <nav class="tabs" aria-label="Main">
      ${NAMES.map((name) => html`
        <a key=${name} class="tab" href=${name === here ? `#${name}` : addresses[name] ?? `#${name}`} aria-current=${name === here ? 'page' : undefined}>
          <span>${VIEWS[name].name}</span>
          ${name === 'dead-letters' && dead > 0 && html`<span class="badge"><span class="visually-hidden">, waiting: </span>${dead > 999 ? '999+' : dead}</span>`}
        </a>`)}
    </nav>`;
}

/** Show whether the data is current, checked each second; a press pauses the reads. */
function FreshnessButton() {
  const now = useStore(freshness);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((times) => times + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const {state, at} = stateOf(now);
  const word = {paused: 'Paused', away: 'No answer', stale: 'Stale', live: 'Live', first: 'Loading'}[state];
  const since = at && (state === 'paused' || state === 'stale') ? clock(at) : '';
  const does = now.paused ? 'Resume' : 'Pause';
  return html`
    <button type="button" class="freshness" data-state=${state} aria-pressed=${now.paused} aria-label=${`${word}${since && `, as of ${since}`}. ${does}`} title=${`${does} (p)`} onClick=${togglePause}>
      <span class="freshness-dot" aria-hidden="true"></span>${since ? html`<span><span class="freshness-word">${word}, as of </span>${since}</span>` : word}
    </button>`;
}

function Trouble() {
  const {error, at} = stateOf(useStore(freshness));
  return html`
    <div class="trouble" role="alert" data-shown=${Boolean(error)}>
      ${error && html`<p>${errorText(error)} ${at ? `The data is from ${clock(at)}; the page retries by itself.` : 'The page retries by itself.'}</p>`}
    </div>`;
}

/** The logo of the operator page. */
export function Logo({size = 26}) {
  return html`
    <svg class="beat" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" /><path d="M6 17h5l3-8 5 15 3-7h4" />
    </svg>`;
}
