/** Error messages of the API, as sentences for people. */

/** The parts of a form, as a sentence names them. */
const SUBJECTS = {
  name: 'Your name',
  email: 'Your e-mail address',
  password: 'Your password',
  identifier: 'Your name or e-mail address',
  age: 'The age',
  favoriteActivity: 'The favourite activity',
  friendname: 'The name',
  timeZone: 'The time zone',
};

/**
 * Return the errors of a refused request, one for each field: `{field, message}`, each message a whole sentence.
 * @param {any} error
 * @param {Record<string, string>} [subjects] names of fields that differ from the usual ones
 * @returns {{field: string, message: string}[]}
 */
export function fieldErrors(error, subjects = {}) {
  const list = error?.body?.errors ?? error?.body?.faults;
  if (!Array.isArray(list)) return [];
  return list.map(({field = '', message}) => ({field, message: sentence(message, {...SUBJECTS, ...subjects}[field])}));
}

/**
 * Return a sentence for a person, whatever went wrong.
 * @param {any} error
 */
export function errorText(error) {
  const [first] = fieldErrors(error);
  if (first) return first.message;
  if (error?.name === 'Unreachable') return 'There is no connection at the moment. Try again when you are online.';
  if (error?.status === 429) return 'That was a lot at once. Wait a moment, then try again.';
  if (error?.status >= 500) return 'Something went wrong on our side. Please try again.';
  return error?.message ?? 'Something went wrong.';
}

/**
 * Return the trace id that support needs, or undefined where no fault of the system is behind the error:
 * a refusal, wrong input, an ended session and a lost connection have none.
 * @param {any} error
 * @returns {string | undefined}
 */
export function referenceOf(error) {
  const isFault = error?.status >= 500 || error?.task?.status === 'dead-letter';
  return isFault ? error.traceId : undefined;
}

/** Join a subject and the API's predicate ("must have 8 characters") to a sentence. */
function sentence(message, subject) {
  const text = String(message ?? 'is not accepted').trim();
  const isPredicate = /^[a-z]/.test(text);
  const whole = isPredicate ? `${subject ?? 'This'} ${text}` : text;
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
