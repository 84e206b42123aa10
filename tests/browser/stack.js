import {mkdirSync, readFileSync} from 'node:fs';
import {FaultProxy} from './fault_proxy.js';
import {launch} from './chromium.js';

const FILE = process.env.STACK_FILE;
if (!FILE) throw new Error('STACK_FILE must name the stack.json of a stack that is up.');
const SHOTS = process.env.SCREENSHOTS ?? new URL('../../.local/screenshots/', import.meta.url).pathname;

export const stack = JSON.parse(readFileSync(FILE, 'utf8'));

/** A browser before the stack, with a proxy between them that can break things. */
export async function openWorld() {
  const proxy = await new FaultProxy(stack.web_url).open();
  const browser = await launch();
  return {
    proxy,
    browser,
    async close() {
      await browser.close();
      await proxy.close();
    },
  };
}

let made = 0;

/** A family of the test's own, so that tests do not meet. */
export function newFamily() {
  made += 1;
  const tag = `${process.pid}${Date.now().toString(36)}${made}`;
  return {name: `Parent ${tag}`, email: `p${tag}@example.com`, password: 'a long enough one'};
}

/** A page of a new visitor, and the faults it met. */
export async function visit(world, options = {}) {
  const context = await world.browser.newContext({viewport: {width: 1440, height: 900}, locale: 'en-GB', ...options});
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(world.proxy.url);
  return {context, page, faults};
}

export async function signUp(page, family) {
  await page.getByRole('button', {name: 'Sign up'}).click();
  await page.getByLabel('Your name').fill(family.name);
  await page.getByLabel('E-mail').fill(family.email);
  await page.getByLabel('Password').fill(family.password);
  await page.getByRole('button', {name: 'Make the account'}).click();
  await page.locator('.top').waitFor();
}

export async function signIn(page, {name, password}) {
  await page.getByLabel('Name or e-mail').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.locator('form').getByRole('button', {name: 'Sign in'}).click();
  await page.locator('.top').waitFor();
}

export async function goTo(page, view) {
  await page.getByRole('navigation', {name: 'Main'}).getByRole('link', {name: view}).click();
  await page.waitForURL(`**/#${view.toLowerCase()}`);
}

export function connection(page, state) {
  return page.locator(`.connection[data-state="${state}"]`).waitFor({timeout: 60_000});
}

export async function shoot(page, name, options = {}) {
  mkdirSync(SHOTS, {recursive: true});
  await page.screenshot({path: `${SHOTS}/${name}.png`, animations: 'disabled', ...options});
}
