import {existsSync} from 'node:fs';
import {chromium} from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Options of a browser that makes no requests of its own. */
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export async function launch() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('No Chromium here: install the package "chromium", or name one in CHROMIUM.');
  return chromium.launch({executablePath, args: QUIET});
}
