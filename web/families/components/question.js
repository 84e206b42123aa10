import {answerOf, fieldsOf, readQuestions, useQuestions} from '../questions.js';
import {client} from '../session.js';
import {sentence, titleOf} from '../texts.js';
import {clock} from '../times.js';
import {BusyButton, UserText, toast, toastError} from '../../shared/components/controls.js';
import {Form} from '../../shared/components/form.js';
import {html, useRef} from '../../shared/vendor/preact.js';

/** The open questions to this family; a screen reader hears how many there are. */
export function Questions({place}) {
  const all = useQuestions();
  const section = useRef(null);
  const count = all.length === 1 ? 'One question waits for your answer.' : `${all.length} questions wait for your answer.`;
  return html`
    <section class="asks" ref=${section} hidden=${all.length === 0} aria-labelledby=${`asks-${place}`}>
      <h2 id=${`asks-${place}`} tabindex="-1">Needs you</h2>
      <p class="visually-hidden" role="status">${all.length > 0 ? count : ''}</p>
      <ul class="ask-list">
        ${all.map((ask, index) => html`<${QuestionCard} key=${`${ask.taskId} ${ask.name}`} ask=${ask} place=${place} done=${() => focusAfter(section.current, index)} />`)}
      </ul>
    </section>`;
}

/** Move the focus from an answered question to the next one, or to what follows the list. */
function focusAfter(section, index) {
  setTimeout(() => {
    const left = section.querySelectorAll('.asked');
    (left[Math.min(index, left.length - 1)] ?? section.parentElement.querySelector('.activity h2'))?.focus();
  });
}

/** One question: exactly what is asked, until when, and the form that answers it. */
function QuestionCard({ask, place, done}) {
  const task = client.task(ask.taskId).snapshot;
  const title = task ? titleOf(task.type) : 'A question for you';
  const send = async (value) => {
    await answer(ask, value);
    done();
  };
  return html`
    <li class="asked" tabindex="-1" data-ask=${ask.name}>
      <h3 class="task-title">${title}</h3>
      <p class="ask-name"><${UserText}>${sentence(readable(ask.name))}<//>${ask.expiresAt && html` <span class="ask-until">Answer until ${clock(ask.expiresAt)}</span>`}</p>
      ${ask.shown && html`<${Shown} shown=${ask.shown} />`}
      ${ask.kind === 'approval' ? html`<${Approval} id=${`${place}-${ask.taskId}-${ask.name}`} title=${title} send=${send} />` : html`<${Answer} ask=${ask} id=${`${place}-${ask.taskId}-${ask.name}`} send=${send} />`}
    </li>`;
}

/** The subject of an approval, complete and unchanged: the answer counts for exactly this. */
function Shown({shown}) {
  return html`
    <dl class="ask-shown">
      ${Object.entries(shown).map(([name, value]) => html`<div key=${name}><dt><${UserText}>${sentence(readable(name))}<//></dt><dd><${UserText}>${typeof value === 'string' ? value : JSON.stringify(value, null, 1)}<//></dd></div>`)}
    </dl>`;
}

function Approval({id, title, send}) {
  const note = useRef(null);
  const decide = (decision) => () => send({decision, ...(note.current.value.trim() ? {note: note.current.value.trim()} : {})}).catch(toastError);
  return html`
    <div class="field"><label for=${`note-${id}`}>Note, if you like</label><input id=${`note-${id}`} ref=${note} maxlength="1000" autocomplete="off" /></div>
    <div class="ask-actions">
      <${BusyButton} aria-label=${`Approve: ${title}`} onPress=${decide('approved')}>Approve<//>
      <${BusyButton} className="button quiet" aria-label=${`Refuse: ${title}`} onPress=${decide('refused')}>Refuse<//>
    </div>`;
}

function Answer({ask, id, send}) {
  const fields = fieldsOf(ask.schema);
  if (!fields) return html`<p class="ask-name">This page has no form for this question.</p>`;
  return html`
    <${Form} className="ask-form" buttonClass="button" action="Answer" submit=${(values) => send(answerOf(fields, values))}>
      ${() => fields.map((field) => html`<${AnswerField} key=${field.name} field=${field} id=${`${id}-${field.name}`} />`)}
    <//>`;
}

const INPUTS = {text: 'text', number: 'number', time: 'datetime-local'};

function AnswerField({field: {name, label, kind, options, isRequired}, id}) {
  const field = `answer-${name}`;
  if (INPUTS[kind]) {
    return html`<div class="field"><label for=${id}><${UserText}>${sentence(label)}<//></label><input id=${id} name=${field} type=${INPUTS[kind]} step=${kind === 'number' ? 'any' : undefined} required=${isRequired} autocomplete="off" /></div>`;
  }
  const choices = kind === 'yes-no' ? [['yes', 'Yes'], ['no', 'No']] : options.map((option, index) => [String(index), String(option)]);
  return html`
    <fieldset class="ask-choices">
      <legend><${UserText}>${sentence(label)}<//></legend>
      ${choices.map(([value, text]) => html`<label key=${value}><input type="radio" name=${field} value=${value} required=${isRequired} /><${UserText}>${text}<//></label>`)}
    </fieldset>`;
}

/** Send an answer and read the questions again. A question that was answered before says by whom. */
async function answer({taskId, name}, value) {
  try {
    await client.task(taskId).answer(name, value);
    toast('Your answer is sent.');
  } catch (error) {
    if (error.body?.code !== 'already_answered') throw error;
    toast(firstAnswer(error.body), {tone: 'warn', ms: 15_000});
  }
  await readQuestions();
}

/** Return who answered a question first, and when. */
export function firstAnswer({answeredBy, answeredAt}) {
  const sender = {you: 'You have', operator: 'Our team has'}[answeredBy] ?? 'Somebody else has';
  return `${sender} answered this already, at ${clock(answeredAt)}.`;
}

function readable(name) {
  return name.replace(/[._:-]+/g, ' ').replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
}
