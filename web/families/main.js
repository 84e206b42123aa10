import {Frame} from './frame.js';
import {session} from './session.js';
import {useStore} from '../shared/store.js';
import {html, render} from '../shared/vendor/preact.js';
import {Toasts} from '../shared/components/controls.js';
import {Welcome} from './views/welcome.js';

function App() {
  const {user, expired} = useStore(session);
  return html`
    ${user ? html`<${Frame} key=${user.id} user=${user} />` : html`<${Welcome} />`}
    ${user && expired && html`<${Welcome} again=${user} />`}
    <${Toasts} />`;
}

navigator.serviceWorker?.register('offline.js').catch(() => {}); // a browser may allow none: the page then needs a network

const app = document.getElementById('app');
app.replaceChildren(); // in the same frame as what follows
render(html`<${App} />`, app);
