import {config} from '../../config.js';
import {Busy, Field} from '../../components/controls.js';
import {html, useEffect, useRef, useState} from '../../vendor/preact.js';
import {Beat} from '../frame.js';
import {signIn, signOut} from '../session.js';
import {faultWords} from '../words.js';

/** The door: only operators come in. */
export function Door() {
  const [fault, setFault] = useState('');
  const enter = () => signIn('operator', config.demo.password).catch((error) => setFault(faultWords(error)));
  return html`
    <main class="door">
      <p class="brand"><${Beat} size="34" /><span>Operator</span></p>
      <h1>See what runs.<br />Mend what does not.</h1>
      <${SignIn} />
      ${config.demo && html`
        <div class="door-demo">
          <p>On your own machine?</p>
          <${Busy} className="button quiet" onPress=${enter}>Enter as the local operator<//>
          <p class="form-fault" role="alert">${fault}</p>
        </div>`}
    </main>`;
}

/** A session lasts twenty minutes; what was on the screen stays under the question. */
export function DoorAgain({user}) {
  const dialog = useRef(null);
  useEffect(() => {
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
      setFault(faultWords(error));
      setBusy(false);
    }
  };
  return html`
    <form class="stack" onSubmit=${send}>
      ${name
        ? html`<input type="hidden" name="identifier" value=${name} autocomplete="username" />`
        : html`<${Field} label="Name or e-mail" name="identifier" autocomplete="username" required />`}
      <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
      <p class="form-fault" role="alert">${fault}</p>
      <button class="button wide" data-busy=${busy} disabled=${busy}>Sign in</button>
    </form>`;
}
