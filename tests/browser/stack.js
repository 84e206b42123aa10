import {readFileSync} from 'node:fs';
import {FaultProxy} from './fault_proxy.js';
import {launch} from './chromium.js';

export {screenshot} from './screenshot.js';

const FILE = process.env.STACK_FILE;
if (!FILE) throw new Error('STACK_FILE must name the stack.json of a stack that is up.');

export const stack = JSON.parse(readFileSync(FILE, 'utf8'));

/** Open a browser, and a fault proxy that forwards its requests to the stack. */
export async function openStack() {
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

/** Time limit of one wait (ms): a test waits for a state, and a busy machine needs longer for it. */
const PATIENCE = 120_000;

/** Open a page in a context of its own that records its messages and the errors that it throws. */
export async function openPage(browser, options) {
  const context = await browser.newContext({viewport: {width: 1440, height: 900}, locale: 'en-GB', serviceWorkers: 'block', ...options});
  context.setDefaultTimeout(PATIENCE);
  await context.addInitScript(recordMessages);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  return {context, page, faults};
}

/** Run in the page: keep the text of every message, because a message disappears after some seconds. */
function recordMessages() {
  window.messages = [];
  new MutationObserver((changes) => {
    for (const {addedNodes} of changes) {
      for (const node of addedNodes) {
        for (const toast of node.matches?.('.toast') ? [node] : node.querySelectorAll?.('.toast') ?? []) window.messages.push(toast.textContent);
      }
    }
  }).observe(document, {childList: true, subtree: true});
}

/** Wait until the page has shown a message with this text, also one that has disappeared since. */
export async function messageOf(page, text) {
  await page.waitForFunction((wanted) => window.messages.some((message) => message.includes(wanted)), text);
}

let made = 0;

/** Return a new family, so that tests do not share data. */
export function newFamily() {
  made += 1;
  const tag = `${process.pid}${Date.now().toString(36)}${made}`;
  return {name: `Parent ${tag}`, email: `p${tag}@example.com`, password: 'a long enough one'};
}

/** Open a page as a new visitor; return it with the errors that it throws. */
export async function visit(world, options = {}) {
  const visitor = await openPage(world.browser, options);
  trails.set(visitor.page, trailOf(visitor.page));
  await visitor.page.goto(world.proxy.url);
  return visitor;
}

/** Messages of an answer that may be another one at the next press: the stack of a busy machine was too slow. */
const TEMPORARY = /on our side|gave no answer|log lines carry|no connection|cannot be reached|took too long/;

/** Press a button until the page shows `done`; press it again where the stack was too slow to answer. */
export async function pressUntil(page, button, done) {
  const alert = page.getByRole('alert').filter({hasText: /\w/});
  for (;;) {
    await button.click();
    await done.or(alert).first().waitFor();
    if (await done.isVisible()) return;
    const message = await alert.first().innerText().catch(() => '');
    if (message && !TEMPORARY.test(message)) throw new Error(`the page refuses: ${message}`);
  }
}

export async function signUp(page, family) {
  await page.getByRole('button', {name: 'Sign up'}).click();
  await page.getByLabel('Your name').fill(family.name);
  await page.getByLabel('E-mail').fill(family.email);
  await page.getByLabel('Password').fill(family.password);
  try {
    await pressUntil(page, page.getByRole('button', {name: 'Make the account'}), page.locator('.top'));
  } catch (error) {
    if (!/taken/.test(error.message)) throw error;
    // The first press has made the account, but its answer was lost on a busy machine.
    await page.getByRole('group', {name: 'Sign in or sign up'}).getByRole('button', {name: 'Sign in'}).click();
    await signIn(page, family);
  }
}

export async function signIn(page, {name, password}) {
  await page.getByLabel('Name or e-mail').fill(name);
  await page.getByLabel('Password').fill(password);
  await pressUntil(page, page.locator('form').getByRole('button', {name: 'Sign in'}), page.locator('.top'));
}

export async function goTo(page, view) {
  await page.getByRole('navigation', {name: 'Main'}).getByRole('link', {name: view}).click();
  await page.locator(`.stage[data-view="${view.toLowerCase()}"]`).waitFor();
}

export async function connection(page, state) {
  try {
    await page.locator(`.connection[data-state="${state}"]`).waitFor();
  } catch (error) {
    throw new Error(`the page is not ${state}; on the way there:\n${trails.get(page)?.join('\n')}`, {cause: error});
  }
}

/** The history of tickets and sockets of each page, to explain why a page is not live. */
const trails = new WeakMap();

function trailOf(page) {
  const [trail, begun] = [[], Date.now()];
  const note = (text) => trail.push(`${Date.now() - begun} ms  ${text}`);
  const isTicket = (request) => request.url().endsWith('/api/realtime/ticket');
  page.on('request', (request) => isTicket(request) && note('asks for a ticket'));
  page.on('response', async (response) => isTicket(response.request()) && note(`ticket: ${response.status()} ${response.ok() ? '' : await response.text().catch(() => '')}`));
  page.on('requestfailed', (request) => isTicket(request) && note(`ticket: ${request.failure()?.errorText}`));
  page.on('websocket', (socket) => {
    note('socket begun');
    socket.on('framesent', ({payload}) => note(`sent ${JSON.parse(payload).action}`));
    socket.on('framereceived', ({payload}) => note(`heard ${JSON.parse(payload).type}`));
    socket.on('socketerror', (error) => note(`socket: ${error}`));
    socket.on('close', () => note('socket closed'));
  });
  return trail;
}

