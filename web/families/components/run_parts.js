import {Chip} from '../../shared/components/controls.js';
import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';
import {STATUS, since, titleOf} from '../texts.js';

/** Parts shown of one run. */
const SHOWN = 30;

/** The parts that a task has started, each with its state and how long it took; nothing for a task without parts. */
export function RunParts({id, seq}) {
  const [run, setRun] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let current = true;
    call('GET', `/api/tasks/${id}/tree`).then((read) => current && setRun(read), () => {}); // the card shows the rest
    return () => {
      current = false;
    };
  }, [id, seq]);
  const parts = partsOf(run, id);
  if (parts.length === 0) return null;
  const done = parts.filter(({finishedAt}) => finishedAt).length;
  return html`
    <section class="parts" aria-label="Parts">
      <p class="parts-head">${done} of ${parts.length} parts done</p>
      <ul>
        ${parts.slice(0, SHOWN).map((part) => html`
          <li key=${part.id} style=${`--level: ${part.level}`}>
            <span class="parts-name">${titleOf(part.type)}</span>
            <span class="parts-took">${part.finishedAt && since(part.createdAt, part.finishedAt).replace('+', '')}</span>
            <${Chip} tone=${STATUS[part.status].tone}>${STATUS[part.status].word}<//>
          </li>`)}
      </ul>
      ${parts.length > SHOWN && html`<p class="parts-head">and ${parts.length - SHOWN} more</p>`}
    </section>`;
}

/**
 * Return the descendants of a task, each after its parent, with its level from 0.
 * @param {{nodes: any[]} | null} run
 * @param {string} id
 */
export function partsOf(run, id, level = 0) {
  const children = (run?.nodes ?? []).filter(({parentId}) => parentId === id);
  return children.flatMap((child) => [{...child, level}, ...partsOf(run, child.id, level + 1)]);
}
