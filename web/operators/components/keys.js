import {useStore} from '../../shared/store.js';
import {html} from '../../shared/vendor/preact.js';
import {keysOn, toggleKeys} from '../keys.js';
import {Dialog} from './dialog.js';

/** The list of keyboard shortcuts. */
export function Keys({close, views}) {
  const on = useStore(keysOn);
  const lines = [
    ...views.map((name, i) => [String(i + 1), name]),
    ['/', 'Find a task'],
    ['j  k', 'Next and previous row'],
    ['Enter', 'Open the row'],
    ['x', 'Select the row'],
    ['Esc', 'Close what is open'],
    ['p', 'Pause or resume'],
    ['?', 'This list'],
  ];
  return html`
    <${Dialog} title="Keyboard" close=${close}>
      <dl class="keys">
        ${lines.map(([key, does]) => html`<div key=${key}><dt>${key.split('  ').map((one) => html`<kbd key=${one}>${one}</kbd>`)}</dt><dd>${does}</dd></div>`)}
      </dl>
      <label class="check"><input type="checkbox" checked=${on} onChange=${toggleKeys} /> <span>Single keys are shortcuts</span></label>
      <div class="dialog-actions"><button type="button" class="button quiet" onClick=${close}>Close</button></div>
    <//>`;
}
