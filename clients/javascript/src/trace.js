/** A new trace (W3C Trace Context), recorded: `00-TRACE-SPAN-01`. @returns {string} */
export function newTraceparent() {
  return `00-${randomHex(16)}-${randomHex(8)}-01`;
}

/** @param {string | undefined} traceparent */
export function traceIdOf(traceparent) {
  return traceparent?.split('-')[1];
}

/** @param {number} bytes @returns {string} never all zeros, which would name no trace; also where `randomUUID` is missing: on a page without TLS */
export function randomHex(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  if (random.every((byte) => byte === 0)) return randomHex(bytes);
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
