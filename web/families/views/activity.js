import {TaskCard} from '../components/route.js';
import {Questions} from '../components/question.js';
import {useClientTasks} from '../components/watch.js';
import {Empty} from '../../shared/components/controls.js';
import {html, useState} from '../../shared/vendor/preact.js';
import {OVER, summaryText, titleOf} from '../texts.js';

const SHOWN = 12;
/** Tasks that only notify this family of what another one did. */
const HIDDEN = new Set(['friends.changed', 'playdates.changed', 'playdate.announce', 'playdate.arrange', 'recommendations.renew']);

/** The activity list as a view of its own, for narrow screens. */
export function AllActivity() {
  return html`<h1 class="visually-hidden">Everything that happens for you</h1><${Activity} place="view" />`;
}

/** The tasks of this family, newest first. */
export function Activity({place = 'rail'}) {
  const tasks = useClientTasks().filter(({type}) => !HIDDEN.has(type));
  const [open, setOpen] = useState({});
  const shown = tasks.slice(0, SHOWN);
  return html`
    <${Questions} place=${place} />
    <section class="activity" aria-labelledby="activity-title">
      <h2 id="activity-title" tabindex="-1">Activity</h2>
      ${shown.length === 0 && html`
        <${Empty} icon="activity" title="Nothing under way">Set your playdate point or ask a friend, and follow here what happens.<//>`}
      ${shown.map(({id}) => html`
        <${TaskCard} key=${id} id=${id} open=${Boolean(open[id])} onToggle=${() => setOpen({...open, [id]: !open[id]})} />`)}
    </section>`;
}

/** One live region for the page: it reports the newest running task to screen readers. */
export function Announcer() {
  const newest = useClientTasks().find(({status, type}) => !OVER.has(status) && !HIDDEN.has(type));
  return html`<p class="visually-hidden" role="status" aria-live="polite">${newest ? `${titleOf(newest.type)}: ${summaryText(newest)}` : ''}</p>`;
}
