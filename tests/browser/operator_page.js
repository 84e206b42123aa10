import {openPage, openStack, pressUntil, stack} from './stack.js';

export const OPERATOR = stack.users.find(({role}) => role === 'operator');

/** Open a browser for the operator page; return functions that visit and sign in. */
export async function openOperatorPage() {
  const world = await openStack();
  const opened = new Set();

  async function visit(options = {}) {
    const visitor = await openPage(world.browser, options);
    opened.add(visitor.context);
    await visitor.page.goto(`${world.proxy.url}/operator`);
    return visitor;
  }

  async function signIn(page) {
    await fillFields(page, OPERATOR);
    await pressUntil(page, signInButton(page), page.locator('.top'));
    await page.locator('.figure-value').first().waitFor();
  }

  async function enter(options) {
    const visitor = await visit(options);
    await signIn(visitor.page);
    return visitor;
  }

  /** Close all pages: open ones keep polling and slow down the next test. */
  async function leave() {
    await Promise.all([...opened].map((context) => context.close()));
    opened.clear();
  }

  return {visit, signIn, enter, leave, close: () => world.close()};
}

const signInButton = (page) => page.getByRole('button', {name: 'Sign in', exact: true});

async function fillFields(page, {name, password}) {
  await page.getByLabel('Name or e-mail').fill(name);
  await page.getByLabel('Password').fill(password);
}

/** Sign in once, with any answer. */
export async function fillIn(page, user) {
  await fillFields(page, user);
  await signInButton(page).click();
}

export async function goTo(page, view) {
  await page.getByRole('navigation', {name: 'Main'}).getByRole('link', {name: view}).click();
  await page.getByRole('heading', {level: 1, name: view}).waitFor();
}
