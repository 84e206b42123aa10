import {search} from '../map/atlas.js';
import {html, useRef, useState} from '../../shared/vendor/preact.js';
import {Icon} from '../../shared/components/icons.js';

const COUNTRY = new Intl.DisplayNames('en', {type: 'region'});

/** A search for towns by name, without a network: a combobox after the ARIA pattern. */
export function Search({onChoose}) {
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState([]);
  const [active, setActive] = useState(-1);
  const [searched, setSearched] = useState('');
  const newest = useRef('');
  const find = async (text) => {
    newest.current = text;
    setTyped(text);
    setActive(-1);
    const towns = await search(text);
    if (newest.current !== text) return; // a later search has begun
    setFound(towns);
    setSearched(text.trim());
  };
  const isEmpty = found.length === 0 && searched.length >= 2 && searched === typed.trim();
  const choose = (town) => {
    newest.current = '';
    setTyped('');
    setFound([]);
    onChoose(town);
  };
  const key = (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (step && found.length) {
      event.preventDefault();
      setActive((active + step + found.length) % found.length);
    } else if (event.key === 'Enter' && found.length) {
      event.preventDefault();
      choose(found[Math.max(0, active)]);
    } else if (event.key === 'Escape') setFound([]);
  };
  return html`
    <div class="search">
      <label class="visually-hidden" for="town-search">Find a town</label>
      <${Icon} name="search" size="18" />
      <input id="town-search" type="text" role="combobox" placeholder="Find a town" autocomplete="off" spellcheck=${false} value=${typed}
        aria-expanded=${found.length > 0} aria-controls="town-list" aria-autocomplete="list"
        aria-activedescendant=${active >= 0 ? `town-${active}` : undefined}
        onInput=${(event) => find(event.target.value)} onKeyDown=${key} onBlur=${() => { setFound([]); setSearched(''); }} />
      <ul id="town-list" class="search-list" role="listbox" aria-label="Towns" hidden=${found.length === 0}>
        ${found.map((town, i) => html`
          <li key=${`${town.name}${town.latitude}`} id=${`town-${i}`} role="option" aria-selected=${i === active}
            onMouseDown=${(event) => event.preventDefault()} onClick=${() => choose(town)}>
            <span>${town.name}</span><span class="search-country">${town.region && `${town.region}, `}${COUNTRY.of(town.country)}</span>
          </li>`)}
      </ul>
      <p class="search-none" role="status">${isEmpty ? html`<${NothingFound} searched=${searched} />` : ''}</p>
    </div>`;
}

/** Postal codes are not in the list of towns; the sentence says so instead of blaming the number. */
function NothingFound({searched}) {
  if (/\d/.test(searched)) return html`We find towns by their name, not by a postal code. Type the name of the town, or click the map.`;
  return html`We know no town called “<bdi dir="auto">${searched}</bdi>”. Click the map instead, or try a larger town nearby.`;
}
