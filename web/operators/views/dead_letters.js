import {html, useEffect, useRef, useState} from '../../shared/vendor/preact.js';
import {StaleNotice, Fault, LoadingRows} from '../components/states.js';
import {go, hashOf} from '../route.js';
import {usePolled} from '../polling.js';
import {call, withQuery} from '../session.js';
import {ago, clock, failureText, exact, errorText, number, plural, short} from '../texts.js';
import {DiscardDialog, RedriveDialog} from './redrive_dialog.js';
import {StagedRedrives} from './staged_redrives.js';
import {Failure} from './task_detail.js';

const PAGE = 100;

const keyOf = ({type, fingerprint, version}) => [type, fingerprint, version].join(' ');

/** Tasks that used up their attempts, grouped by failure: inspect, redrive or discard them. */
export function DeadLetters({route: {query}}) {
  const {type, fingerprint} = query;
  const polled = usePolled(`dead ${type} ${fingerprint}`, (signal) => call('GET', withQuery('/ops/dead-letters', {type, fingerprint, limit: 100}), undefined, {signal}));
  const [action, setAction] = useState(null);
  const [open, setOpen] = useState(null);
  const [turn, setTurn] = useState(0);
  const {value, error, again} = polled;
  const done = () => {
    again();
    setTurn((times) => times + 1);
  };
  return html`
    <div class="head">
      <h1>Dead letters</h1>
      <div class="head-end">
        ${value?.total > 0 && !type && !fingerprint && html`<button type="button" class="button small quiet" onClick=${() => setAction({kind: 'redrive', choice: {all: true}, text: 'all dead letters', count: value.total})}>Redrive all…</button>`}
      </div>
    </div>
    <${Narrowed} type=${type} fingerprint=${fingerprint} />
    <${StagedRedrives} turn=${turn} />
    <${StaleNotice} read=${polled} />
    ${!value && (error ? html`<${Fault} error=${error} again=${again} />` : html`<${LoadingRows} />`)}
    ${value && html`
      <p class="list-line" role="status"><span>${lineOf(value, type || fingerprint)}</span></p>
      <div class="groups">
        ${value.groups.map((group) => html`
          <${Group} key=${keyOf(group)} group=${group} turn=${turn} open=${open === keyOf(group)} onAction=${setAction}
            toggle=${() => setOpen((now) => (now === keyOf(group) ? null : keyOf(group)))} />`)}
      </div>`}
    ${action?.kind === 'redrive' && html`<${RedriveDialog} action=${action} close=${() => setAction(null)} done=${done} />`}
    ${action?.kind === 'discard' && html`<${DiscardDialog} action=${action} close=${() => setAction(null)} done=${done} />`}`;
}

function Narrowed({type, fingerprint}) {
  if (!type && !fingerprint) return null;
  return html`
    <p class="narrowed">Only${type && html` type <strong>${type}</strong>`}${fingerprint && html` failure <strong class="mono">${fingerprint}</strong>`}.
      <button type="button" class="link" onClick=${() => go({view: 'dead-letters'})}>Show all</button></p>`;
}

function lineOf({total, groups}, narrowed) {
  if (!total) return narrowed ? 'No dead letter matches.' : 'There is no dead letter. Tasks that use up their attempts wait here until an operator redrives or discards them.';
  return `${plural(total, 'task')} in ${plural(groups.length, 'group')}: same failure, same type, same version of the code. Newest first.`;
}

function Group({group, turn, open, toggle, onAction}) {
  const {type, version, count, owners, firstSeen, lastSeen, example} = group;
  const id = `group-${keyOf(group).replace(/[^A-Za-z0-9-]/g, '-')}`;
  const ask = (kind) => () => onAction({kind, choice: choiceOf(group), text: `${plural(count, 'task')} of type ${type}`, count});
  return html`
    <article class="group" data-open=${open} data-fingerprint=${group.fingerprint}>
      <div class="group-line">
        <button type="button" class="group-toggle" data-row aria-expanded=${open} aria-controls=${id} onClick=${toggle}>
          <span class="group-count"><strong>${number(count)}</strong><span class="visually-hidden"> dead letters: </span></span>
          <span class="group-what">
            <span class="group-error">${failureText(example.error) || 'No error text was stored'}</span>
            <span class="group-marks"><strong>${type}</strong><span>version <span class="mono">${version || 'unknown'}</span></span><span class="mono group-print">${group.fingerprint || 'no fingerprint'}</span></span>
          </span>
          <span class="group-when"><span>${plural(owners, 'owner')}</span><span title=${`${exact(firstSeen)} to ${exact(lastSeen)}`}>${count > 1 ? `first ${ago(firstSeen)}, ` : ''}last ${ago(lastSeen)}</span></span>
        </button>
        <div class="group-actions">
          <button type="button" class="button small" aria-label=${`Redrive ${plural(count, 'task')} of type ${type}`} onClick=${ask('redrive')}>Redrive…</button>
          <button type="button" class="button small quiet" aria-label=${`Discard ${plural(count, 'task')} of type ${type}`} onClick=${ask('discard')}>Discard…</button>
        </div>
      </div>
      <div id=${id} hidden=${!open}>${open && html`<${Inside} group=${group} turn=${turn} onAction=${onAction} />`}</div>
    </article>`;
}

/** Return the selection of a group for the API; `-` stands for no fingerprint or version. */
function choiceOf({type, fingerprint, version}) {
  return {type, fingerprint: fingerprint || '-', version: version || '-'};
}

const NONE = {items: [], nextCursor: undefined, busy: false, fault: ''};

/** Read the tasks of a group, the oldest first, one page at a time: `{items, newer, more(), error, again}`. */
function useGroupItems(group, turn) {
  const [later, setLater] = useState(NONE);
  // After the operator has read a second page, only their own action restarts the list.
  const counted = useRef(group.count);
  if (!later.items.length) counted.current = group.count;
  const read = (cursor, signal) => call('GET', withQuery('/ops/dead-letters', {...choiceOf(group), cursor, limit: PAGE}), undefined, {signal});
  const {value, error, again} = usePolled(`dead inside ${keyOf(group)} ${counted.current} ${turn}`, (signal) => read(undefined, signal), {fresh: false});
  useEffect(() => setLater(NONE), [turn]);
  const cursor = later.nextCursor === undefined ? value?.nextCursor : later.nextCursor;
  const more = async () => {
    setLater((now) => ({...now, busy: true, fault: ''}));
    try {
      const page = await read(cursor);
      setLater((now) => ({items: [...now.items, ...page.items], nextCursor: page.nextCursor, busy: false, fault: ''}));
    } catch (fault) {
      setLater((now) => ({...now, busy: false, fault: errorText(fault)}));
    }
  };
  return {items: value && [...value.items, ...later.items], newer: cursor ? later : null, more, error, again};
}

/** The newest failure of a group in full, and its tasks for single selection. */
function Inside({group, turn, onAction}) {
  const {type, count} = group;
  const {items, newer, more, error, again} = useGroupItems(group, turn);
  const [ticked, setChosen] = useState([]);
  if (!items) return error ? html`<${Fault} error=${error} again=${again} />` : html`<${LoadingRows} />`;
  const chosen = ticked.filter((id) => items.some((item) => item.id === id));
  const toggle = (id) => setChosen((now) => (now.includes(id) ? now.filter((other) => other !== id) : [...now, id]));
  const ask = (kind) => () => onAction({kind, choice: {ids: chosen}, text: plural(chosen.length, 'chosen task'), count: chosen.length});
  return html`
    <div class="group-inside">
      <${Failure} error=${group.example.error} />
      <div class="group-items">
        <div class="choose" data-any=${chosen.length > 0}>
          <p>${chosen.length ? `${chosen.length} chosen` : `${newer ? `The oldest ${number(items.length)} of ${number(count)}` : plural(items.length, 'task')}; select some to act on those only`}</p>
          <button type="button" class="button small quiet" disabled=${!chosen.length} onClick=${ask('redrive')}>Redrive chosen…</button>
          <button type="button" class="button small quiet" disabled=${!chosen.length} onClick=${ask('discard')}>Discard chosen…</button>
        </div>
        <ul class="dead-letters">
          ${items.map((item) => html`
            <li key=${item.id}>
              <label class="check"><input type="checkbox" checked=${chosen.includes(item.id)} onChange=${() => toggle(item.id)} /><span class="mono" title=${item.id}>${short(item.id)}</span></label>
              <span class="faint">owner <span class="mono">${item.owner}</span></span>
              <span class="faint dead-letter-attempts">${plural(item.attempts, 'attempt')}</span>
              <time class="faint" title=${exact(item.deadSince)}>${clock(item.deadSince)}</time>
              <a class="link" href=${hashOf({view: 'tasks', id: item.id, query: {type, status: 'dead-letter'}})} aria-label=${`Details of ${short(item.id)}`}>Details</a>
            </li>`)}
        </ul>
        ${newer && html`<div class="list-end"><button type="button" class="button small quiet" data-busy=${newer.busy} disabled=${newer.busy} onClick=${more}>Newer ones</button><p class="form-error" role="alert">${newer.fault}</p></div>`}
      </div>
    </div>`;
}
