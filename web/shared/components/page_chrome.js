import {nextTheme, theme} from '../theme.js';
import {html, useState} from '../vendor/preact.js';
import {Icon} from './icons.js';

const THEMES = {auto: {icon: 'auto', name: 'same as device'}, light: {icon: 'sun', name: 'light'}, dark: {icon: 'moon', name: 'dark'}};

/** A link to the content for people who use a keyboard; `main` is the ref of the <main> element. */
export function SkipLink({main}) {
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to the content</a>`;
}

/** A button that walks through the three themes. */
export function ThemeButton() {
  const [now, setNow] = useState(theme());
  const {icon, name} = THEMES[now];
  return html`
    <button type="button" class="icon-button" aria-label=${`Theme: ${name}`} title=${`Theme: ${name}`} onClick=${() => setNow(nextTheme())}>
      <${Icon} name=${icon} />
    </button>`;
}
