import {reload, useResource} from '../data.js';
import {Icon} from '../../shared/components/icons.js';
import {Busy, Empty, Fault, Field, Loaded, toast, toastFault} from '../../shared/components/controls.js';
import {call, signOut} from '../session.js';
import {html, useRef, useState} from '../../shared/vendor/preact.js';
import {Hours} from './hours.js';

export function Family() {
  return html`
    <div class="view">
      <header class="view-head"><h1>Family</h1><p>Ages and favourite activities decide who is matched with whom; your hours decide when.</p></header>
      <${Kids} />
      <${Hours} />
      <${Leave} />
    </div>`;
}

function Kids() {
  const state = useResource('kids');
  return html`
    <section aria-labelledby="kids-title">
      <h2 id="kids-title">Kids</h2>
      <${Loaded} state=${state} rows=${2}
        empty=${html`<${Empty} icon="family" title="Add your first kid">A name, an age and what they love most: that is all the matching needs.<//>`}>
        ${(kids) => html`<ul class="kids">${kids.map((kid) => html`<${Kid} key=${kid.id} kid=${kid} />`)}</ul>`}
      <//>
      <${AddKid} />
    </section>`;
}

function Kid({kid}) {
  const remove = async () => {
    try {
      await call('DELETE', `/api/kids/${kid.id}`);
    } catch (error) {
      toastFault(error);
    }
    await reload('kids');
  };
  return html`
    <li class="kid card">
      <span class="kid-age"><strong>${kid.age}</strong><span>${kid.age === 1 ? 'year' : 'years'}</span></span>
      <div><h3>${kid.name}</h3><p>${kid.favoriteActivity}</p></div>
      <${Busy} className="icon-button" onPress=${remove} aria-label=${`Remove ${kid.name}`} title="Remove"><${Icon} name="bin" /><//>
    </li>`;
}

function AddKid() {
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    const form = event.target;
    const {name, age, favoriteActivity} = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    setBusy(true);
    setFault(null);
    try {
      await call('POST', '/api/kids', {name, age: Number(age), favoriteActivity});
      form.reset();
      await reload('kids');
    } catch (error) {
      setFault(error);
    }
    setBusy(false);
  };
  return html`
    <form class="add-kid card" onSubmit=${send}>
      <${Field} label="Name" name="name" autocomplete="off" maxlength="80" required />
      <${Field} label="Age" name="age" type="number" min="0" max="17" inputmode="numeric" required />
      <${Field} label="Loves" name="favoriteActivity" autocomplete="off" maxlength="60" placeholder="football, chess…" required />
      <button class="button" data-busy=${busy} disabled=${busy}>Add</button>
      <p class="form-fault" role="alert">${fault && html`<${Fault} error=${fault} />`}</p>
    </form>`;
}

function Leave() {
  const dialog = useRef(null);
  const leave = async () => {
    try {
      await call('DELETE', '/api/me');
      toast('Your account is being erased. Goodbye!');
      await signOut();
    } catch (error) {
      toastFault(error);
    }
  };
  return html`
    <section class="leave" aria-labelledby="leave-title">
      <div><h2 id="leave-title">Leave Playmate</h2><p>Erases your account, your kids, friendships, plans and everything else kept about you.</p></div>
      <button type="button" class="button quiet" onClick=${() => dialog.current.showModal()}>Erase everything</button>
      <dialog class="dialog" ref=${dialog} aria-labelledby="erase-title">
        <h2 id="erase-title">Erase everything?</h2>
        <p>This cannot be taken back. Friends will no longer find you.</p>
        <div class="dialog-actions">
          <button type="button" class="button quiet" autofocus onClick=${() => dialog.current.close()}>Stay</button>
          <${Busy} className="button danger" onPress=${leave}>Erase<//>
        </div>
      </dialog>
    </section>`;
}
