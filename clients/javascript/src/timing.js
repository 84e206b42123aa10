/** @type {import('../index.d.ts').Timing} */
export const DEFAULTS = {
  ping: 25_000,
  pong: 10_000,
  connect: 10_000,
  answer: 20_000,
  rotate: 6_600_000,
  backoff: 500,
  backoffMax: 30_000,
  patience: 3_000,
  pollBusy: 1_000,
  pollIdle: 10_000,
  grace: 400,
};

/**
 * Return a delay with full jitter below the exponential limit, so that clients do not reconnect at the same moment.
 * @param {import('../index.d.ts').Timing} timing
 * @param {number} failures
 */
export function backoff(timing, failures) {
  return Math.random() * Math.min(timing.backoffMax, timing.backoff * 2 ** failures);
}

/** @param {number} ms a delay, made up to a sixth shorter */
export function jittered(ms) {
  return ms * (1 - Math.random() / 6);
}

/** @param {number} ms */
export function wait(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
