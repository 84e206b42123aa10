import {html, useEffect, useState} from '../../shared/vendor/preact.js';
import {call} from '../session.js';
import {clock} from '../times.js';

/** A wait shorter than this (ms) is not explained: most tasks start at once. */
const PATIENCE = 1_500;
/** Age (ms) at which the reason is read again: a turn changes without an update of the task. */
const LONGEST_AGE = 30_000;

/** The reason for which a task waits, with its times on the reader's clock; nothing while it does not wait. */
export function WaitReason({task, patience = PATIENCE}) {
  const waits = useWaitReason(task, patience);
  if (!waits) return null;
  return html`<p class="task-waits" data-reason=${waits.reason}>${waits.sentence} ${waitTimes(waits)}</p>`;
}

/** Return when a wait began and ends, as the end of its sentence. */
export function waitTimes({reason, since, until}, now = new Date()) {
  const [from, to] = [since && clock(since, now), until && clock(until, now)];
  if (reason === 'retry') return to ? `Next try: ${to}.` : '';
  if (reason === 'schedule') return to ? `Time: ${to}.` : '';
  if (reason === 'turn') return '';
  return [from && `Since ${from}`, to && (from ? `until ${to}` : `Until ${to}`)].filter(Boolean).join(', ') + '.';
}

/** Return `waitingFor` of a task that waits, read again after each update of the task. */
function useWaitReason({id, seq, status}, patience) {
  const [waits, setWaits] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (status !== 'pending') return setWaits(null);
    let current = true;
    let timer = setTimeout(read, patience);
    async function read() {
      const task = await call('GET', `/api/tasks/${id}`).catch(() => null); // the connection's state shows the fault
      if (!current) return;
      if (task) setWaits(task.waitingFor?.sentence ? task.waitingFor : null);
      timer = setTimeout(read, LONGEST_AGE);
    }
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [id, seq, status]);
  return status === 'pending' ? waits : null;
}
