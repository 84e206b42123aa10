import {reload, useResource} from '../data.js';
import {Icon} from '../../shared/components/icons.js';
import {Busy, Empty, Fault, Field, Loaded, toast, toastFault} from '../../shared/components/controls.js';
import {call, client} from '../session.js';
import {html, useEffect, useState} from '../../shared/vendor/preact.js';

const [ACCEPTED, REFUSED] = [1, 2];
/** Interval between two reads of friend requests (ms): a request is a task of the other family. */
const LOOK_EVERY = 5_000;

export function Friends() {
  const asking = useResource('asking');
  const friends = useResource('friends');
  const pending = useResource('pending');
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void reload('asking', 'pending', 'friends');
    }, LOOK_EVERY);
    return () => clearInterval(timer);
  }, []);
  return html`
    <div class="view">
      <header class="view-head"><h1>Friends</h1><p>Only families that both said yes see each other's kids and meeting points.</p></header>
      <${Ask} />
      <${People} title="They asked you" state=${asking} row=${(friend) => html`<${Answer} friend=${friend} />`}
        empty=${html`<p class="none">Nobody is waiting for your answer.</p>`} />
      <${People} title="Your friends" state=${friends} row=${(friend) => html`<${EndButton} friend=${friend} action="Remove" />`}
        empty=${html`<${Empty} icon="friends" title="No friends yet">Ask a family you know by the name they signed up with.<//>`} />
      <${People} title="You asked" state=${pending} row=${(friend) => html`<${EndButton} friend=${friend} action="Take back" />`}
        empty=${html`<p class="none">You wait for nobody.</p>`} />
    </div>`;
}

function Ask() {
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async (event) => {
    event.preventDefault();
    const form = event.target;
    setBusy(true);
    setFault(null);
    try {
      const {message} = await run('/api/friends/ask', {friendname: new FormData(form).get('friendname')});
      form.reset();
      toast(message);
    } catch (error) {
      setFault(error);
    }
    setBusy(false);
  };
  return html`
    <form class="ask card" onSubmit=${send}>
      <${Field} label="Ask a family by name" name="friendname" autocomplete="off" maxlength="80" required fault=${fault ? html`<${Fault} error=${fault} />` : undefined} hint="The name of the parent, as they signed up." />
      <button class="button" data-busy=${busy} disabled=${busy}>Ask</button>
    </form>`;
}

function People({title, state, row, empty}) {
  return html`
    <section class="people">
      <h2>${title}</h2>
      <${Loaded} state=${state} rows=${1} empty=${empty}>
        ${(all) => html`<ul class="people-list">${all.map((friend) => html`
          <li key=${friend.id} class="person card"><span class="avatar" aria-hidden="true">${friend.name.slice(0, 1)}</span><span class="person-name">${friend.name}</span>${row(friend)}</li>`)}</ul>`}
      <//>
    </section>`;
}

function Answer({friend}) {
  const answer = (friendshipState) => () => answerFriend('/api/friends/setstate', {friendId: friend.id, friendshipState});
  return html`
    <span class="person-actions">
      <${Busy} onPress=${answer(ACCEPTED)} aria-label=${`Accept ${friend.name}`}><${Icon} name="check" size="18" />Accept<//>
      <${Busy} className="button quiet" onPress=${answer(REFUSED)} aria-label=${`Decline ${friend.name}`}>Decline<//>
    </span>`;
}

function EndButton({friend, action}) {
  const part = () => answerFriend('/api/friends/delete', {friendId: friend.id});
  return html`<span class="person-actions"><${Busy} className="button quiet" onPress=${part} aria-label=${`${action}: ${friend.name}`}>${action}<//></span>`;
}

async function answerFriend(path, body) {
  try {
    toast((await run(path, body)).message);
  } catch (error) {
    toastFault(error);
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
