import {mkdirSync} from 'node:fs';

const SHOTS = process.env.SCREENSHOTS ?? new URL('../../.local/screenshots/', import.meta.url).pathname;

/** Write a picture of the page into the folder of screenshots. */
export async function screenshot(page, name, options = {}) {
  mkdirSync(SHOTS, {recursive: true});
  await page.screenshot({path: `${SHOTS}/${name}.png`, animations: 'disabled', ...options});
}
