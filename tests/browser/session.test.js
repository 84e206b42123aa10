import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {openOperatorPage} from './operator_page.js';
import {connection, goTo, newFamily, openPage, openStack, signUp} from './stack.js';

/** The life of a token, and the time for which a page stays open by its clock (ms). */
const [LIFE, OPEN] = [1_200_000, 7_200_000];

let world;
let operator;

before(async () => {
  world = await openStack();
  operator = await openOperatorPage();
});
after(async () => {
  await world.close();
  await operator.close();
});

/** Run in the page: the end of its session, as each page keeps it. */
const keptSession = () => localStorage.getItem('playmate-session-ends') ?? sessionStorage.getItem('operator-session');

/** Move the clock of a page by two hours. The server must renew the session within each life of a token. */
async function staysSignedIn(page) {
  for (let moved = 0; moved < OPEN; moved += 0.9 * LIFE) {
    const kept = await page.evaluate(keptSession);
    const [answer] = await Promise.all([page.waitForResponse('**/auth/renew'), page.clock.fastForward(0.9 * LIFE)]);
    assert.equal(answer.status(), 200);
    while (await page.evaluate(keptSession) === kept) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await page.getByRole('dialog').count(), 0);
}

test('a family page that is open for two hours stays signed in', async () => {
  const {page} = await openPage(world.browser);
  await page.clock.install();
  await page.goto(world.proxy.url);
  await signUp(page, newFamily());
  await connection(page, 'live');
  await staysSignedIn(page);
  await goTo(page, 'Family');
  await page.getByText('Add your first kid').waitFor();
});

test('an operator page that is open for two hours stays signed in', async () => {
  const {page} = await operator.visit();
  await page.clock.install();
  await page.reload();
  await operator.signIn(page);
  await staysSignedIn(page);
  await page.getByRole('link', {name: 'Flags'}).click();
  await page.locator('.flags li').first().waitFor();
});
