/** Times as the reader writes them, in the language of the page. */

/** The language of the page with the reader's region, so that the reader's 12 or 24 hours and order of the date apply. */
function locale() {
  const region = new Intl.Locale(navigator.language ?? 'en').maximize().region;
  return region ? `en-${region}` : 'en';
}

const format = (options) => new Intl.DateTimeFormat(locale(), options);

/** The time zone of the reader. */
export function readersZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Return the parts of a time range in its own zone: `{day, date, hours, zone}`.
 * `zone` names the clock ("Paris time") where the reader's clock shows another time, otherwise it is empty.
 * @param {{startsAt: string, endsAt: string, timeZone: string}} range
 */
export function rangeOf({startsAt, endsAt, timeZone}, reader = readersZone()) {
  const [start, end] = [new Date(startsAt), new Date(endsAt)];
  return {
    day: format({weekday: 'long', timeZone}).format(start),
    date: format({day: 'numeric', month: 'long', timeZone}).format(start),
    hours: format({hour: 'numeric', minute: '2-digit', timeZone}).formatRange(start, end),
    zone: offset(start, timeZone) === offset(start, reader) ? '' : zoneName(timeZone),
  };
}

/** Return the name of a zone's clock: `Paris time`. */
export function zoneName(timeZone) {
  return `${timeZone.split('/').at(-1).replaceAll('_', ' ')} time`;
}

function offset(moment, timeZone) {
  return new Intl.DateTimeFormat('en', {timeZone, timeZoneName: 'longOffset'}).formatToParts(moment).find(({type}) => type === 'timeZoneName').value;
}

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]]);

/** Return a past moment relative to `now`: `just now`, `5 minutes ago`, `yesterday`. */
export function ago(moment, now = Date.now()) {
  const passed = now - Date.parse(moment);
  const [unit, size] = UNITS.find(([, ms]) => passed >= ms) ?? [];
  return unit ? new Intl.RelativeTimeFormat('en', {numeric: 'auto'}).format(-Math.floor(passed / size), unit) : 'just now';
}

/** Return the exact date and time of a moment on the reader's clock. */
export function exact(moment) {
  return format({dateStyle: 'long', timeStyle: 'short'}).format(new Date(moment));
}

/** Return a near moment on the reader's clock: `14:02`, `Friday 18:00`, or with its date where it is further away. */
export function clock(moment, now = new Date()) {
  const at = new Date(moment);
  const time = /** @type {const} */ ({hour: 'numeric', minute: '2-digit'});
  if (at.toDateString() === now.toDateString()) return format(time).format(at);
  const days = Math.abs(at.getTime() - now.getTime()) / 86_400_000;
  return format(days < 6 ? {weekday: 'long', ...time} : {day: 'numeric', month: 'long', ...time}).format(at);
}

/** Return the name of a weekday; 1 is Monday. */
export function dayName(weekday, width = /** @type {'long' | 'short'} */ ('long')) {
  return format({weekday: width, timeZone: 'UTC'}).format(new Date(Date.UTC(2024, 0, weekday))); // 1 January 2024 was a Monday
}

/** Return a time of day such as `16:00` as the reader writes it. */
export function timeOfDay(text) {
  const [hour, minute] = text.split(':').map(Number);
  return format({hour: 'numeric', minute: '2-digit', timeZone: 'UTC'}).format(new Date(Date.UTC(2024, 0, 1, hour, minute)));
}
