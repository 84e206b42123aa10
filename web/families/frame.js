import {keepFresh, useResource} from './data.js';
import {Chip, UserText, toast} from '../shared/components/controls.js';
import {Icon, Mark} from '../shared/components/icons.js';
import {useClientTasks, useConnection, useOnline} from './components/watch.js';
import {keptSince} from './kept.js';
import {useRoute} from './route.js';
import {followQuestions, useQuestions} from './questions.js';
import {signOut} from './session.js';
import {useTitle} from '../shared/badge.js';
import {SkipLink, ThemeButton} from '../shared/components/page_chrome.js';
import {html, useEffect, useLayoutEffect, useRef, useState} from '../shared/vendor/preact.js';
import {useStore} from '../shared/store.js';
import {CONNECTION} from './texts.js';
import {clock} from './times.js';
import {Activity, AllActivity, Announcer} from './views/activity.js';
import {Family} from './views/family.js';
import {Friends} from './views/friends.js';
import {Inbox} from './views/inbox.js';
import {Meet} from './views/meet.js';
import {Playdates, questionsOf} from './views/playdates.js';

const VIEWS = {
  meet: {name: 'Meet', icon: 'map', view: Meet},
  playdates: {name: 'Playdates', icon: 'sun', view: Playdates},
  friends: {name: 'Friends', icon: 'friends', view: Friends},
  family: {name: 'Family', icon: 'family', view: Family},
  inbox: {name: 'Inbox', icon: 'inbox', view: Inbox},
  activity: {name: 'Activity', icon: 'activity', view: AllActivity},
};

const NAMES = Object.keys(VIEWS);

/** The signed-in page: the view in the middle, the activity beside it. */
export function Frame({user}) {
  const {view: here, id, isKnown} = useRoute(NAMES);
  const main = useRef(null);
  const first = useRef(true);
  useEffect(keepFresh, []);
  useEffect(followQuestions, []);
  useLayoutEffect(() => {
    if (!first.current && !id) main.current.focus({preventScroll: true});
    first.current = false;
    if (!id) scrollTo(0, 0);
  }, [here]);
  useLayoutEffect(() => {
    if (!isKnown) toast(`There is no page with this address. This is “${VIEWS[here].name}”.`, {tone: 'bad'});
  }, [isKnown]);
  const counts = useCounts(here);
  const total = counts.friends + counts.inbox + counts.playdates + counts.activity;
  useTitle(`${VIEWS[here].name} · Playmate`, total);
  const {view: View} = VIEWS[here];
  return html`
    <${SkipLink} main=${main} />
    <header class="top">
      <a class="brand" href="#meet"><${Mark} /><span>Playmate</span></a>
      <${Tabs} here=${here} counts=${counts} />
      <div class="top-end">
        <${Connection} />
        <${ThemeButton} />
        <span class="who"><${UserText}>${user.name}<//></span>
        <button type="button" class="icon-button" aria-label="Sign out" title="Sign out" onClick=${signOut}><${Icon} name="exit" /></button>
      </div>
    </header>
    <${Announcer} />
    <${Kept} />
    <div class="stage" data-view=${here}>
      <main id="main" ref=${main} tabindex="-1"><${View} user=${user} id=${id} /></main>
      <aside class="rail" aria-label="What happens now"><${Activity} /></aside>
    </div>`;
}

const SEEN = 'playmate-inbox-seen';

/** Return how many requests wait for an answer, and how many matches are newer than the last visit of the inbox. */
function useCounts(here) {
  const asking = useResource('asking').value ?? [];
  const inbox = useResource('inbox').value ?? [];
  const [seen, setSeen] = useState(() => localStorage.getItem(SEEN) ?? '');
  const newest = inbox.reduce((last, {updatedAt}) => (updatedAt > last ? updatedAt : last), '');
  useEffect(() => {
    if (here !== 'inbox' || newest <= seen) return;
    localStorage.setItem(SEEN, newest);
    setSeen(newest);
  }, [here, newest]);
  const {hosted, joined} = useResource('playdates').value ?? {hosted: [], joined: []};
  return {activity: useQuestions().length, friends: asking.length, playdates: questionsOf(hosted, joined).length, inbox: inbox.filter(({updatedAt}) => updatedAt > seen).length};
}

function Tabs({here, counts}) {
  const live = useClientTasks().some(({status}) => status === 'pending' || status === 'processing');
  const badge = (id) => counts[id] > 0 && html`<span class="badge"><span class="visually-hidden">, new: </span>${counts[id]}</span>`;
  return html`
    <nav class="tabs" aria-label="Main">
      ${Object.entries(VIEWS).map(([id, {name, icon}]) => html`
        <a key=${id} class="tab tab-${id}" href=${`#${id}`} aria-current=${id === here ? 'page' : undefined} data-live=${id === 'activity' && live}>
          <${Icon} name=${icon} size="21" /><span>${name}</span>${badge(id)}
        </a>`)}
    </nav>`;
}

/** Show since when the data of the page is kept, while there is no network. */
function Kept() {
  const since = useStore(keptSince);
  return since && html`<p class="kept" role="status">There is no connection. You see what this device read at ${clock(since)}.</p>`;
}

function Connection() {
  const known = useConnection();
  const online = useOnline();
  const state = known === 'live' && !online ? 'checking' : known;
  const {word, tone, why} = CONNECTION[state];
  return html`<span class="connection" role="status" data-state=${state} title=${why}><${Chip} tone=${tone} live=${true}>${word}<//></span>`;
}
