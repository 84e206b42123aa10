import {changeLocally, reload, useResource} from '../data.js';
import {Confirm, focusAfterRemoval} from '../components/confirm.js';
import {Icon} from '../../shared/components/icons.js';
import {Empty, Field, Loaded, UserText, toast, toastError} from '../../shared/components/controls.js';
import {Form} from '../../shared/components/form.js';
import {call, signOut} from '../session.js';
import {html, useRef, useState} from '../../shared/vendor/preact.js';
import {ageText} from '../texts.js';
import {Hours} from './hours.js';

/** Time in which a removed kid can be brought back (ms). */
const UNDO = 8_000;

export function Family({user}) {
  return html`
    <div class="view">
      <header class="view-head"><h1>Family</h1><p>We match kids by age and by what they like, and find times from your hours.</p></header>
      <${Kids} />
      <${Hours} />
      <${Leave} user=${user} />
    </div>`;
}

function Kids() {
  const state = useResource('kids');
  const section = useRef(null);
  return html`
    <section aria-labelledby="kids-title" ref=${section}>
      <h2 id="kids-title" tabindex="-1">Kids</h2>
      <${Loaded} state=${state} rows=${2} retry=${() => reload('kids')}
        empty=${html`<${Empty} icon="family" title="Add your first kid">A name, an age and what they love most: that is all the matching needs.<//>`}>
        ${(kids) => html`<ul class="kids">${kids.map((kid, index) => html`<${Kid} key=${kid.id} kid=${kid} onRemove=${() => removeKid(kid, index, section.current)} />`)}</ul>`}
      <//>
      <${AddKid} />
    </section>`;
}

function Kid({kid, onRemove}) {
  return html`
    <li class="kid card">
      <span class="kid-age"><strong>${ageText(kid.age)}</strong><span>${kid.age <= 1 ? 'year' : 'years'}</span></span>
      <div class="kid-text"><h3><${UserText}>${kid.name}<//></h3><p><${UserText}>${kid.favoriteActivity}<//></p></div>
      <button type="button" class="icon-button" onClick=${onRemove} aria-label=${`Remove ${kid.name}`} title="Remove"><${Icon} name="bin" /></button>
    </li>`;
}

/** Removals that can still be undone: how to make each of them now. */
const removals = new Map();
addEventListener('pagehide', () => {
  for (const remove of removals.values()) remove();
});

/** Take a kid off the list; the server removes it when the time for an undo is over. */
function removeKid(kid, index, section) {
  const remove = async () => {
    if (!removals.delete(kid.id)) return;
    clearTimeout(timer);
    try {
      await call('DELETE', `/api/kids/${kid.id}`);
      await reload('plan', 'recommendations');
    } catch (error) {
      toastError(error);
    }
    await reload('kids');
  };
  const undo = () => {
    if (!removals.delete(kid.id)) return;
    clearTimeout(timer);
    changeLocally('kids', (kids) => kids.toSpliced(index, 0, kid));
    focusAfterRemoval(section, '.kid .icon-button', index);
  };
  removals.set(kid.id, remove);
  const timer = setTimeout(remove, UNDO);
  changeLocally('kids', (kids) => kids.filter(({id}) => id !== kid.id));
  toast(html`<${UserText}>${kid.name}<//> removed.`, {ms: UNDO, action: {label: 'Undo', press: undo}});
  focusAfterRemoval(section, '.kid .icon-button', index);
}

function AddKid() {
  const add = async ({name, age, favoriteActivity}, form) => {
    await call('POST', '/api/kids', {name, age: Number(age), favoriteActivity});
    form.reset();
    form.elements.name.focus();
    await reload('kids');
  };
  return html`
    <${Form} submit=${add} action="Add" className="add-kid card" buttonClass="button" subjects=${{name: 'The name'}}>
      ${(errors) => html`
        <${Field} label="Name" name="name" autocomplete="off" maxlength="80" required dir="auto" error=${errors.name} />
        <${Field} label="Age" name="age" type="number" min="0" max="17" inputmode="numeric" required error=${errors.age} />
        <${Field} label="Loves" name="favoriteActivity" autocomplete="off" maxlength="60" placeholder="football, chess…" required dir="auto" error=${errors.favoriteActivity} />`}
    <//>`;
}

function Leave({user}) {
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState('');
  const isSure = typed.trim().toLowerCase() === user.name.toLowerCase();
  const field = useRef(null);
  const leave = async () => {
    if (!isSure) return field.current.focus();
    try {
      await call('DELETE', '/api/me');
      toast('Your account is being erased. Goodbye!');
      await signOut();
    } catch (error) {
      toastError(error);
    }
  };
  const close = () => {
    setAsking(false);
    setTyped('');
  };
  return html`
    <section class="leave" aria-labelledby="leave-title">
      <div><h2 id="leave-title">Leave Playmate</h2><p>Erases your account, your kids, friendships, plans and everything else kept about you.</p></div>
      <button type="button" class="button quiet" onClick=${() => setAsking(true)}>Erase everything</button>
      ${asking && html`
        <${Confirm} title="Erase everything?" action="Erase" stay="Stay" close=${close} onConfirm=${leave}>
          <p>This cannot be undone. Friends will no longer find you.</p>
          <div class="field"><label for="erase-name">To be sure, type your name: <${UserText}>${user.name}<//></label>
            <input id="erase-name" ref=${field} autocomplete="off" value=${typed} dir="auto" onInput=${(event) => setTyped(event.target.value)} /></div>
        <//>`}
    </section>`;
}
