import {config} from '../../shared/config.js';
import {BusyButton, Field} from '../../shared/components/controls.js';
import {html, useLayoutEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {Logo} from '../frame.js';
import {signIn, signOut} from '../session.js';
import {errorText} from '../texts.js';

/** The sign-in page for operators. */
export function Login() {
  const [fault, setFault] = useState('');
  const enter = () => signIn('operator', config.demo.password).catch((error) => setFault(errorText(error)));
  return html`
    <main class="login">
      <p class="brand"><${Logo} size="34" /><span>Operator</span></p>
      <h1>See what runs.<br />Fix what doesn’t.</h1>
      <${SignIn} />
      ${config.demo && html`
        <div class="login-demo">
          <p>On your own machine?</p>
          <${BusyButton} className="button quiet" onPress=${enter}>Enter as the local operator<//>
          <p class="form-error" role="alert">${fault}</p>
        </div>`}
    </main>`;
}

/** A dialog over the page after a session has ended; the page behind it stays as it was. */
export function SignInAgain({user}) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    if (!dialog.current.open) dialog.current.showModal();
  }, []);
  return html`
    <dialog class="dialog" ref=${dialog} aria-labelledby="again-title" onCancel=${(event) => event.preventDefault()}>
      <h2 id="again-title">Your session has ended</h2>
      <p>Sign in again and everything stays where it is.</p>
      <${SignIn} name=${user.name} />
      <p class="dialog-foot"><button type="button" class="link" onClick=${signOut}>Sign in as someone else</button></p>
    </dialog>`;
}

function SignIn({name}) {
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    const {identifier, password} = Object.fromEntries(new FormData(event.target));
    try {
      await signIn(identifier, password);
    } catch (error) {
      setFault(errorText(error));
      setBusy(false);
    }
  };
  return html`
    <form class="stack" onSubmit=${send}>
      ${name
        ? html`<input type="hidden" name="identifier" value=${name} autocomplete="username" />`
        : html`<${Field} label="Name or e-mail" name="identifier" autocomplete="username" required />`}
      <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
      <p class="form-error" role="alert">${fault}</p>
      <button class="button wide" data-busy=${busy} disabled=${busy}>Sign in</button>
    </form>`;
}
