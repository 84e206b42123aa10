import {Toasts} from '../components/controls.js';
import {useStore} from '../store.js';
import {html, render} from '../vendor/preact.js';
import {Frame} from './frame.js';
import {session} from './session.js';
import {Door, DoorAgain} from './views/login.js';

function App() {
  const {user, expired} = useStore(session);
  return html`
    ${user ? html`<${Frame} key=${user.id} user=${user} />` : html`<${Door} />`}
    ${user && expired && html`<${DoorAgain} user=${user} />`}
    <${Toasts} />`;
}

render(html`<${App} />`, document.getElementById('app'));
