import {TaskCard} from '../components/route.js';
import {useClientTasks} from '../components/watch.js';
import {Empty} from '../../shared/components/controls.js';
import {html, useState} from '../../shared/vendor/preact.js';

const SHOWN = 12;

/** The activity list as a view of its own, for narrow screens. */
export function AllActivity() {
  return html`<h1 class="visually-hidden">Everything that happens for you</h1><${Activity} />`;
}

/** The tasks of this family, newest first, with the newest one open. */
export function Activity() {
  const tasks = useClientTasks();
  const [chosen, setChosen] = useState({});
  const shown = tasks.slice(0, SHOWN);
  const isOpen = (id, i) => chosen[id] ?? i === 0;
  return html`
    <section class="activity" aria-labelledby="activity-title">
      <h2 id="activity-title">Activity</h2>
      ${shown.length === 0 && html`
        <${Empty} icon="activity" title="Nothing under way">Set your playdate point or ask a friend, and follow here what happens, step by step.<//>`}
      ${shown.map(({id}, i) => html`
        <${TaskCard} key=${id} id=${id} open=${isOpen(id, i)} onToggle=${() => setChosen({...chosen, [id]: !isOpen(id, i)})} />`)}
    </section>`;
}
