/** The pace at which a text that a task writes is shown: it grows and does not leap. */

/** Characters shown in one frame at least: 120 a second at 60 frames. */
const LEAST = 2;
/** Frames within which a backlog is shown, however large it is. */
const FRAMES = 45;

const SENTENCE_END = /[.!?…][)\]"'”’]*\s/gu;

/**
 * Return how many characters to show in the next frame.
 * @param {number} shown characters on the page
 * @param {string} text all characters that have arrived
 * @param {{isDone?: boolean, isCalm?: boolean}} [how] `isCalm`: whole sentences only, for readers who want less motion
 */
export function nextLength(shown, text, {isDone = false, isCalm = false} = {}) {
  if (isDone && isCalm) return text.length;
  if (!isCalm) return whole(text, Math.min(text.length, shown + Math.max(LEAST, Math.ceil((text.length - shown) / FRAMES))));
  const ends = [...text.matchAll(SENTENCE_END)].map(({index, 0: end}) => index + end.length);
  return Math.max(shown, ends.at(-1) ?? 0);
}

/** Return a length that does not cut a character of two code units in half. */
function whole(text, length) {
  const last = text.charCodeAt(length - 1);
  return last >= 0xd800 && last <= 0xdbff ? Math.min(text.length, length + 1) : length;
}

/** Count the word-like segments of a text, in any language. */
export function wordCount(text) {
  return [...new Intl.Segmenter(undefined, {granularity: 'word'}).segment(text)].filter(({isWordLike}) => isWordLike).length;
}
