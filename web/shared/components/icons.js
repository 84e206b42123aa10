import {html} from '../vendor/preact.js';

const PATHS = {
  map: 'M9 4 3.5 6.2v13.3L9 17.3m0-13.3 6 2.7M9 4v13.3m6-10.6 5.5-2.2v13.3L15 20m0-13.3V20m0 0-6-2.7',
  friends: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6 8c.4-3.4 2.8-5.5 6-5.5s5.6 2.1 6 5.5M16 5a3.2 3.2 0 0 1 0 6.2m1.6 3.1c1.9.8 3.1 2.6 3.4 5.2',
  family: 'M4 11.5 12 5l8 6.5M6.2 10v9.5h11.6V10M12 17.2s-3-1.7-3-3.6c0-1 .7-1.6 1.5-1.6.7 0 1.2.4 1.5 1 .3-.6.8-1 1.5-1 .8 0 1.5.6 1.5 1.6 0 1.9-3 3.6-3 3.6Z',
  inbox: 'M4 13.5 6.3 5h11.4l2.3 8.5V19H4v-5.5Zm0 0h4.6l1.2 2.3h4.4l1.2-2.3H20',
  activity: 'M3.5 12.5h4l2.3-6.5 4.2 12 2.4-5.5h4.1',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'm6.5 6.5 11 11m0-11-11 11',
  chevron: 'm7 10 5 5 5-5',
  sun: 'M12 8.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6ZM12 3v1.8m0 14.4V21m9-9h-1.8M4.8 12H3m15.4-6.4-1.3 1.3M6.9 17.1l-1.3 1.3m12.8 0-1.3-1.3M6.9 6.9 5.6 5.6',
  moon: 'M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z',
  auto: 'M12 3.5a8.5 8.5 0 1 0 0 17Zm0 0a8.5 8.5 0 0 1 0 17',
  exit: 'M14 4.5H6v15h8M10 12h10m-3.5-3.5L20 12l-3.5 3.5',
  bin: 'M5 7h14M9.5 7V4.8h5V7M7 7l.8 12.2h8.4L17 7m-6.8 3.5v5.2m3.6-5.2v5.2',
  search: 'M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12Zm4.4 10.4 4.6 4.6',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm0 3.8V12l2.8 2',
  spark: 'M12 4.5c.7 4.2 2.8 6.3 7 7-4.2.7-6.3 2.8-7 7-.7-4.2-2.8-6.3-7-7 4.2-.7 6.3-2.8 7-7Z',
};

/** A line icon; the element beside or around it has a text with the same meaning. */
export function Icon({name, size = 20}) {
  return html`
    <svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

/** The logo: two pins that meet and smile. */
export function Mark({size = 30}) {
  return html`
    <svg class="mark" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
      <path class="mark-a" d="M11.5 3C6.3 3 2 7.1 2 12.3 2 19.5 11.5 29 11.5 29S21 19.5 21 12.3C21 7.1 16.7 3 11.5 3Z" />
      <path class="mark-b" d="M20.5 3C15.3 3 11 7.1 11 12.3 11 19.5 20.5 29 20.5 29S30 19.5 30 12.3C30 7.1 25.7 3 20.5 3Z" />
      <path class="mark-smile" d="M11.6 12.5c1 2 2.6 3 4.4 3s3.4-1 4.4-3" />
    </svg>`;
}
