import {changeLocally, reload, useResource} from '../data.js';
import {Confirm, focusAfterRemoval} from '../components/confirm.js';
import {Icon} from '../../shared/components/icons.js';
import {BusyButton, Empty, Field, Loaded, UserText, toast, toastError} from '../../shared/components/controls.js';
import {Form} from '../../shared/components/form.js';
import {call, client} from '../session.js';
import {html, useRef, useState} from '../../shared/vendor/preact.js';

const [ACCEPTED, REFUSED] = [1, 2];

export function Friends() {
  const asking = useResource('asking');
  const friends = useResource('friends');
  const pending = useResource('pending');
  return html`
    <div class="view">
      <header class="view-head"><h1>Friends</h1><p>Only families that both said yes see each other's kids and meeting points.</p></header>
      <${Ask} />
      <${People} id="asking" title="Requests for you" state=${asking} row=${(friend) => html`<${Answer} friend=${friend} />`}
        empty=${html`<p class="none">Nobody is waiting for your answer.</p>`} />
      <${People} id="friends" title="Your friends" state=${friends} row=${(friend) => html`<${Remove} friend=${friend} />`}
        empty=${html`<${Empty} icon="friends" title="No friends yet">Ask a family you know by the name they signed up with.<//>`} />
      <${People} id="pending" title="Requests you sent" state=${pending} row=${(friend) => html`<${Withdraw} friend=${friend} />`}
        empty=${html`<p class="none">No requests are waiting for an answer.</p>`} />
    </div>`;
}

function Ask() {
  const ask = async ({friendname}, form) => {
    const sent = {id: `sending ${friendname}`, name: friendname, isSending: true};
    changeLocally('pending', (all) => [...all, sent]);
    try {
      toast((await run('/api/friends/ask', {friendname})).message);
      form.reset();
    } catch (error) {
      changeLocally('pending', (all) => all.filter((one) => one !== sent));
      besideName(error);
    }
  };
  return html`
    <${Form} submit=${ask} action="Ask" className="ask card" buttonClass="button">
      ${(errors) => html`<${Field} label="Ask a family by name" name="friendname" autocomplete="off" maxlength="80" required dir="auto" error=${errors.friendname} hint="The name of the parent, as they signed up." />`}
    <//>`;
}

/** Show a refused request beside the name: it is the name that has to change. */
function besideName(error) {
  if (error.task?.status === 'failed') error.body = {errors: [{field: 'friendname', message: error.message}]};
  throw error;
}

function People({id, title, state, row, empty}) {
  return html`
    <section class="people" data-people=${id}>
      <h2 tabindex="-1">${title}</h2>
      <${Loaded} state=${state} rows=${1} empty=${empty} retry=${() => reload(id)}>
        ${(all) => html`<ul class="people-list">${all.map((friend) => html`
          <li key=${friend.id} class="person card"><span class="avatar" aria-hidden="true">${[...friend.name][0]}</span><span class="person-name"><${UserText}>${friend.name}<//></span>${row(friend)}</li>`)}</ul>`}
      <//>
    </section>`;
}

function Answer({friend}) {
  const answer = (friendshipState) => (event) => act(event, '/api/friends/setstate', {friendId: friend.id, friendshipState});
  return html`
    <span class="person-actions">
      <${BusyButton} onPress=${answer(ACCEPTED)} aria-label=${`Accept ${friend.name}`}><${Icon} name="check" size="18" />Accept<//>
      <${BusyButton} className="button quiet" onPress=${answer(REFUSED)} aria-label=${`Decline ${friend.name}`}>Decline<//>
    </span>`;
}

function Withdraw({friend}) {
  if (friend.isSending) return html`<span class="person-actions sending" role="status">Sending…</span>`;
  const withdraw = (event) => act(event, '/api/friends/delete', {friendId: friend.id});
  return html`<span class="person-actions"><${BusyButton} className="button quiet" onPress=${withdraw} aria-label=${`Withdraw the request to ${friend.name}`}>Withdraw<//></span>`;
}

function Remove({friend}) {
  const [asking, setAsking] = useState(false);
  const button = useRef(null);
  const remove = async () => {
    const row = rowOf(button.current);
    await act({currentTarget: button.current}, '/api/friends/delete', {friendId: friend.id}, row);
    setAsking(false);
  };
  return html`
    <span class="person-actions">
      <button type="button" class="button quiet" ref=${button} aria-label=${`Remove: ${friend.name}`} onClick=${() => setAsking(true)}>Remove…</button>
      ${asking && html`
        <${Confirm} title="End this friendship?" action="End friendship" close=${() => setAsking(false)} onConfirm=${remove}>
          <p>You and <${UserText}>${friend.name}<//> no longer see each other's kids and meeting points. Suggestions with them disappear from both plans; your other suggestions stay.</p>
        <//>`}
    </span>`;
}

function rowOf(button) {
  const row = button.closest('.person');
  return {section: button.closest('.people'), index: [...row.parentElement.children].indexOf(row)};
}

/** Run a task for a row that disappears, then move the focus to the next row. */
async function act({currentTarget}, path, body, {section, index} = rowOf(currentTarget)) {
  try {
    toast((await run(path, body)).message);
    focusAfterRemoval(section, '.person-actions button', index);
  } catch (error) {
    toastError(error);
    await reload('asking', 'pending', 'friends');
  }
}

/** Start the task of a route and wait for its result. @returns {Promise<any>} */
async function run(path, body) {
  const {taskId} = await call('POST', path, body);
  const result = await client.task(taskId).result();
  await reload('asking', 'pending', 'friends');
  return result;
}
