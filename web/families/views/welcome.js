import {config} from '../../shared/config.js';
import {Mark} from '../../shared/components/icons.js';
import {BusyButton, ErrorMessage, Field, UserText} from '../../shared/components/controls.js';
import {Form} from '../../shared/components/form.js';
import {session, signIn, signOut, signUp} from '../session.js';
import {html, useLayoutEffect, useRef, useState} from '../../shared/vendor/preact.js';
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
    <${Form} submit=${({identifier, password}) => signIn(identifier, password)} action="Sign in">
      ${(errors) => html`
        ${name
          ? html`<input type="hidden" name="identifier" value=${name} autocomplete="username" />`
          : html`<${Field} label="Name or e-mail" name="identifier" autocomplete="username" required dir="auto" error=${errors.identifier} />`}
        <${Field} label="Password" name="password" type="password" autocomplete="current-password" required error=${errors.password} />`}
    <//>`;
}

function SignUp() {
  return html`
    <${Form} submit=${({name, email, password}) => signUp(name, email, password)} action="Make the account">
      ${(errors) => html`
        <${Field} label="Your name" name="name" autocomplete="name" maxlength="80" hint="Other parents find you by it." required dir="auto" error=${errors.name} />
        <${Field} label="E-mail" name="email" type="email" autocomplete="email" required error=${errors.email} />
        <${Field} label="Password" name="password" type="password" autocomplete="new-password" minlength="8" hint="At least 8 characters." required error=${errors.password} />`}
    <//>`;
}

function Demo() {
  const {families, password} = config.demo;
  const [error, setError] = useState(null);
  const enter = (name) => signIn(name, password).catch(setError);
  return html`
    <section class="demo" aria-labelledby="demo-title">
      <h3 id="demo-title">Just looking? Enter as a demonstration family</h3>
      <div class="demo-families">
        ${families.map((name) => html`<${BusyButton} key=${name} className="button quiet" onPress=${() => enter(name)}>${name}<//>`)}
      </div>
      <p class="form-error" role="alert">${error && html`<${ErrorMessage} error=${error} />`}</p>
    </section>`;
}

function Again({user}) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    if (!dialog.current.open) dialog.current.showModal();
  }, []);
  return html`
    <dialog class="dialog" ref=${dialog} aria-labelledby="again-title" onCancel=${(event) => event.preventDefault()}>
      <h2 id="again-title">Still there, <${UserText}>${user.name}<//>?</h2>
      <p>Your session has ended. Sign in and everything goes on where it was; nothing was lost.</p>
      <${SignIn} name=${user.name} />
      <button type="button" class="link" onClick=${() => (session.get().user ? signOut() : undefined)}>Enter as someone else</button>
    </dialog>`;
}
