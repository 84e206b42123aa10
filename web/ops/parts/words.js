export const STATUS = {
  pending: 'busy',
  processing: 'calm',
  completed: 'good',
  failed: 'bad',
  'dead-letter': 'bad',
  cancelled: 'calm',
};
export const STATUSES = Object.keys(STATUS);

const NUMBER = new Intl.NumberFormat();
export const number = (value) => NUMBER.format(value);

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export const ago = (moment) => (moment ? `${duration(Math.max(0, (Date.now() - new Date(moment)) / 1000))} ago` : '');

export function errorLine(error) {
  if (!error) return '';
  if (typeof error === 'string') return error;
  return `${error.type ?? error.kind ?? 'error'}: ${error.message ?? ''}`;
}

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
