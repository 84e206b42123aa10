import {html, render, useState} from '../vendor/preact.js';
import {Toasts} from '../parts/parts.js';
import {useStore} from '../store.js';
import {nextTheme, theme} from '../theme.js';
import {access, leave, signIn} from './api.js';
import {go, usePlace} from './parts/live.js';
import {Changes} from './views/changes.js';
import {Flags} from './views/flags.js';
import {Letters} from './views/letters.js';
import {Now} from './views/now.js';
import {Dossier} from './views/dossier.js';
import {Tasks} from './views/tasks.js';

const VIEWS = {
  now: ['Now', Now],
  tasks: ['Tasks', Tasks],
  'dead-letters': ['Dead letters', Letters],
  flags: ['Flags', Flags],
  changes: ['Audit', Changes],
};

function Page() {
  const {signedIn, fault} = useStore(access);
  const place = usePlace();
  if (!signedIn) return html`<${SignIn} fault=${fault} />`;
  const [, View] = VIEWS[place.view] ?? VIEWS.now;
  return html`
    <a class="skip" href="#main">To the figures</a>
    <${Top} view=${place.view} />
    <main id="main" tabindex="-1"><${View} query=${place.query} /></main>
    ${place.query.task && html`<${Dossier} key=${place.query.task} id=${place.query.task} onClose=${() => go(place.view, {...place.query, task: undefined})} />`}
    <${Toasts} />`;
}

function Top({view}) {
  const [chosen, setChosen] = useState(theme());
  return html`
    <header class="ops-top">
      <p class="ops-mark"><img src="icon.svg" alt="" width="28" height="28" /><span>Operations</span></p>
      <nav aria-label="Views">
        ${Object.entries(VIEWS).map(([name, [title]]) => html`<a key=${name} href=${`#/${name}`} aria-current=${name === view ? 'page' : undefined}>${title}</a>`)}
      </nav>
      <div class="ops-aside">
        <button type="button" class="button quiet small" onClick=${() => setChosen(nextTheme())} aria-label=${`Colours: ${chosen}. Change them`}>${chosen}</button>
        <button type="button" class="button quiet small" onClick=${() => leave()}>Sign out</button>
      </div>
    </header>`;
}

function SignIn({fault}) {
  const [told, setTold] = useState(fault);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setTold('');
    try {
      await signIn(form.get('name'), form.get('password'));
    } catch (error) {
      setTold(error.message);
    }
    setBusy(false);
  };
  return html`
    <main class="ops-door">
      <form class="card" onSubmit=${submit}>
        <p class="ops-mark"><img src="icon.svg" alt="" width="32" height="32" /><span>Operations</span></p>
        <h1>Sign in as an operator</h1>
        <div class="field"><label for="name">Name</label><input id="name" name="name" autocomplete="username" required /></div>
        <div class="field"><label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required /></div>
        <p class="form-fault" role="alert">${told}</p>
        <button type="submit" class="button wide" data-busy=${busy} disabled=${busy}>Sign in</button>
      </form>
    </main>`;
}

render(html`<${Page} />`, document.getElementById('ops'));
