import {Toasts} from '../shared/components/controls.js';
import {useStore} from '../shared/store.js';
import {html, render} from '../shared/vendor/preact.js';
import {Frame} from './frame.js';
import {session} from './session.js';
import {Login, SignInAgain} from './views/login.js';

function App() {
  const {user, expired} = useStore(session);
  return html`
    ${user ? html`<${Frame} key=${user.id} user=${user} />` : html`<${Login} />`}
    ${user && expired && html`<${SignInAgain} user=${user} />`}
    <${Toasts} />`;
}

const app = document.getElementById('app');
app.replaceChildren(); // in the same frame as what follows
render(html`<${App} />`, app);
