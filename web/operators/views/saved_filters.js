import {Icon} from '../../shared/components/icons.js';
import {createStore, useStore} from '../../shared/store.js';
import {html, useRef} from '../../shared/vendor/preact.js';
import {hashOf} from '../route.js';

const KEPT = 'operator-saved-filters';
const MOST = 20;

/** The filters that this browser keeps: `{name, query}`, the newest first. */
const saved = createStore(remembered());

function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** Keep a name for filters; a name that exists gets the new ones. */
export function saveFilters(name, query) {
  keep([{name, query}, ...saved.get().filter((one) => one.name !== name)].slice(0, MOST));
}

function keep(all) {
  saved.set(all);
  try {
    localStorage.setItem(KEPT, JSON.stringify(all));
  } catch {
    // The storage is full: the filters last as long as the page.
  }
}

/** A menu of the saved filters, with a field that saves the present ones. */
export function SavedFilters({query}) {
  const all = useStore(saved);
  const menu = useRef(null);
  const isNarrowed = Object.values(query).some(Boolean);
  const close = () => {
    menu.current.open = false;
    menu.current.querySelector('summary').focus();
  };
  const save = (event) => {
    event.preventDefault();
    const {name} = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(event.target)));
    saveFilters(name.trim(), query);
    event.target.reset();
    close();
  };
  return html`
    <details class="menu saved-filters" ref=${menu}>
      <summary class="button small quiet">Saved filters</summary>
      <div class="menu-items">
        ${all.length === 0 && html`<p>None yet. Set filters, then save them here.</p>`}
        <ul>${all.map((one) => html`
          <li key=${one.name}><a class="link" href=${hashOf({view: 'tasks', query: one.query})} onClick=${close}>${one.name}</a>
            <button type="button" class="icon-button" aria-label=${`Remove the saved filters ${one.name}`} onClick=${() => keep(all.filter((other) => other !== one))}><${Icon} name="cross" size="14" /></button></li>`)}</ul>
        ${isNarrowed && html`
          <form onSubmit=${save}><label class="inline-field"><span>Name</span><input name="name" required maxlength="40" pattern=".*\\S.*" autocomplete="off" /></label><button class="button small">Save these</button></form>`}
      </div>
    </details>`;
}
