import {config} from '../../shared/config.js';
import {Mark} from '../../shared/components/icons.js';
import {Busy, Fault, Field} from '../../shared/components/controls.js';
import {session, signIn, signOut, signUp} from '../session.js';
import {html, useEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {Backdrop} from './backdrop.js';

/** The sign-in page; after an ended session, a dialog over the page. */
export function Welcome({again}) {
  if (again) return html`<${Again} user=${again} />`;
  return html`
    <div class="welcome">
      <header class="welcome-pitch">
        <${Backdrop} />
        <p class="brand"><${Mark} size="34" /><span>Playmate</span></p>
        <div class="welcome-text">
          <h1>Drop a pin.<br />We find the playdate.</h1>
          <p>Say where your family likes to meet. Playmate works out the hours everyone is free, who gets along, and what to do there, and you watch it happen.</p>
        </div>
      </header>
      <main class="welcome-sign-in"><${SignInPanel} /></main>
    </div>`;
}

function SignInPanel() {
  const [mode, setMode] = useState('in');
  const choose = (wanted) => () => setMode(wanted);
  return html`
    <div class="sign-in">
      <h2>${mode === 'in' ? 'Welcome back' : 'Make a family account'}</h2>
      <div class="segments" role="group" aria-label="Sign in or sign up">
        <button type="button" aria-pressed=${mode === 'in'} onClick=${choose('in')}>Sign in</button>
        <button type="button" aria-pressed=${mode === 'up'} onClick=${choose('up')}>Sign up</button>
      </div>
      ${mode === 'in' ? html`<${SignIn} />` : html`<${SignUp} />`}
      ${config.demo && mode === 'in' && html`<${Demo} />`}
    </div>`;
}

function SignIn({name = ''}) {
  return html`
    <${AccountForm} submit=${({identifier, password}) => signIn(identifier, password)} action="Sign in">
      ${name
        ? html`<input type="hidden" name="identifier" value=${name} autocomplete="username" />`
        : html`<${Field} label="Name or e-mail" name="identifier" autocomplete="username" required />`}
      <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
    <//>`;
}

function SignUp() {
  return html`
    <${AccountForm} submit=${({name, email, password}) => signUp(name, email, password)} action="Make the account">
      <${Field} label="Your name" name="name" autocomplete="name" maxlength="80" hint="Other parents find you by it." required />
      <${Field} label="E-mail" name="email" type="email" autocomplete="email" required />
      <${Field} label="Password" name="password" type="password" autocomplete="new-password" minlength="8" hint="At least 8 characters." required />
    <//>`;
}

function AccountForm({submit, action, children}) {
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      await submit(Object.fromEntries(new FormData(event.target)));
    } catch (error) {
      setFault(error);
      setBusy(false);
    }
  };
  return html`
    <form class="stack" onSubmit=${send}>
      ${children}
      <p class="form-fault" role="alert">${fault && html`<${Fault} error=${fault} />`}</p>
      <button class="button wide" data-busy=${busy} disabled=${busy}>${action}</button>
    </form>`;
}

function Demo() {
  const {families, password} = config.demo;
  const [fault, setFault] = useState(null);
  const enter = (name) => signIn(name, password).catch((error) => setFault(error));
  return html`
    <section class="demo" aria-labelledby="demo-title">
      <h3 id="demo-title">Just looking? Enter as a demonstration family</h3>
      <div class="demo-families">
        ${families.map((name) => html`<${Busy} key=${name} className="button quiet" onPress=${() => enter(name)}>${name}<//>`)}
      </div>
      <p class="form-fault" role="alert">${fault && html`<${Fault} error=${fault} />`}</p>
    </section>`;
}

function Again({user}) {
  const dialog = useRef(null);
  useEffect(() => {
    if (!dialog.current.open) dialog.current.showModal();
  }, []);
  return html`
    <dialog class="dialog" ref=${dialog} aria-labelledby="again-title" onCancel=${(event) => event.preventDefault()}>
      <h2 id="again-title">Still there, ${user.name}?</h2>
      <p>Your session has ended. Sign in and everything goes on where it was; your tasks never stopped.</p>
      <${SignIn} name=${user.name} />
      <button type="button" class="link" onClick=${() => (session.get().user ? signOut() : undefined)}>Enter as someone else</button>
    </dialog>`;
}
