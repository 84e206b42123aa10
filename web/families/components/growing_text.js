import {useClientTask, useConnection} from './watch.js';
import {nextLength, wordCount} from '../growth.js';
import {client} from '../session.js';
import {OVER, STREAMS} from '../texts.js';
import {BusyButton} from '../../shared/components/controls.js';
import {html, useEffect, useLayoutEffect, useRef, useState} from '../../shared/vendor/preact.js';

/** Pixels from the end of the text within which a reader counts as being there. */
const AT_END = 24;
const NOTES = {writing: 'Writing', restarted: 'Starting over', lost: 'Connection lost, goes on by itself', stopped: 'Stopped', broken: 'It ends here'};

/** The text that a task writes, while it writes it; nothing for a task that writes none. */
export function TaskText({id}) {
  const name = useStreamName(id);
  return name ? html`<${GrowingText} key=${name} id=${id} name=${name} />` : null;
}

/** Return the name of a task's stream: that of its type, or of the part that came last. */
function useStreamName(id) {
  const task = useClientTask(id);
  const [seen, setSeen] = useState('');
  const name = task?.part?.stream ?? seen;
  useEffect(() => {
    if (name) setSeen(name);
  }, [name]);
  return name || STREAMS[task?.type] || '';
}

/** A stream of a task: it grows at a readable pace, and its state is one quiet sentence. */
export function GrowingText({id, name}) {
  const task = useClientTask(id);
  const read = useStream(id, name);
  const isOver = OVER.has(task?.status);
  const result = task?.status === 'completed' && typeof task.result?.[name] === 'string' ? task.result[name] : '';
  const text = result || read.text;
  const isDone = read.isDone || isOver;
  const shown = usePace(text, isDone, read.generation);
  const connection = useConnection();
  const state = stateOf({status: task?.status, isDone: isDone && shown === text.length, isRestarted: read.generation > 1, connection});
  if (!text && isOver) return null;
  return html`
    <div class="streaming" data-state=${state}>
      <${Scroll} length=${shown}>
        <p class="growing-text" key=${read.generation} dir="auto" aria-live="off" aria-busy=${String(state !== 'finished' && !isOver)}>${text.slice(0, shown)}${(state === 'writing' || state === 'restarted') && html`<span class="caret" aria-hidden="true">▌</span>`}</p>
      <//>
      <p class="growing-foot">
        <span class="growing-note" role="status">${state === 'finished' ? `Finished, ${wordCount(text)} ${wordCount(text) === 1 ? 'word' : 'words'}` : NOTES[state]}</span>
        ${!isOver && html`<${BusyButton} className="link" onPress=${() => client.task(id).cancel().catch(() => {})}>Stop<//>`}
      </p>
    </div>`;
}

/** Return the state of a text: writing, restarted, lost, finished, stopped or broken. */
export function stateOf({status, isDone, isRestarted, connection}) {
  if (status === 'cancelled') return 'stopped';
  if (status === 'failed' || status === 'dead-letter') return 'broken';
  if (isDone) return 'finished';
  if (connection === 'offline' || connection === 'connecting') return 'lost';
  return isRestarted ? 'restarted' : 'writing';
}

/** Return the text that has arrived; `generation` counts how often the task has begun to write it. */
function useStream(id, name) {
  const [read, setRead] = useState({text: '', isDone: false, generation: 1});
  useEffect(() => {
    const ended = new AbortController();
    const follow = async () => {
      for await (const {text, restarted, done} of client.task(id).stream(name, {signal: ended.signal})) {
        if (ended.signal.aborted) return;
        setRead((before) => ({
          text: (restarted ? '' : before.text) + text,
          isDone: done,
          generation: before.generation + Number(restarted),
        }));
      }
    };
    follow().catch(() => {}); // the task is gone or the user signed out: the text stays as it is
    return () => ended.abort();
  }, [id, name]);
  return read;
}

/** Return how many characters to show: text that is there at first is shown at once, later text grows. */
function usePace(text, isDone, generation) {
  const [shown, setShown] = useState({length: 0, generation});
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const isFirst = useRef(true);
  const length = shown.generation === generation ? Math.min(shown.length, text.length) : 0;
  useLayoutEffect(() => {
    if (!text || length === text.length) return undefined;
    const first = isFirst.current;
    isFirst.current = false;
    const frame = requestAnimationFrame(() => setShown({length: first || document.hidden ? text.length : nextLength(length, text, {isDone, isCalm}), generation}));
    return () => cancelAnimationFrame(frame);
  }, [text, length, isDone, generation]);
  return length;
}

/** A box that follows its end while the reader is there; otherwise a button leads back to it. */
function Scroll({length, children}) {
  const box = useRef(null);
  const [follows, setFollows] = useState(true);
  useLayoutEffect(() => {
    if (follows) box.current.scrollTop = box.current.scrollHeight;
  }, [length]);
  const end = () => {
    box.current.scrollTop = box.current.scrollHeight;
    setFollows(true);
  };
  const scrolled = () => setFollows(box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight < AT_END);
  return html`
    <div class="growing-box" ref=${box} tabindex="0" role="region" aria-label="The answer" onScroll=${scrolled}>${children}</div>
    ${!follows && html`<button type="button" class="link growing-more" onClick=${end}>More below</button>`}`;
}
