import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {after, before, test} from 'node:test';
import {violationsOf} from './accessibility.js';
import {launch} from './chromium.js';
import {screenshot} from './screenshot.js';

// The family page with fixed answers of the API: it needs no stack.

const ROOT = new URL('../../', import.meta.url);
/** Path prefix to folder, the longest prefix first. */
const FOLDERS = [['/client/', 'clients/javascript/'], ['/shared/', 'web/shared/'], ['/', 'web/families/']];
const TYPES = {js: 'text/javascript', css: 'text/css', html: 'text/html', json: 'application/json', svg: 'image/svg+xml', woff2: 'font/woff2'};
const SCREENS = {
  narrow: {viewport: {width: 320, height: 640}, isMobile: true, hasTouch: true},
  phone: {viewport: {width: 390, height: 844}, isMobile: true, hasTouch: true},
  dark: {viewport: {width: 1440, height: 900}, colorScheme: 'dark'},
  light: {viewport: {width: 1440, height: 900}, colorScheme: 'light'},
};

const AMIRA = {id: 1, name: 'Amira'};
const ahead = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
const part = (id, name, more = {}) => ({id, userId: id, role: 'guest', status: 'approved', awaits: null, joinedAt: ahead(-1), decisionNote: null, user: {id, name}, kids: null, ...more});
const playdate = (id, title, host, participants = [part(host.id, host.name, {role: 'host'})]) => ({
  id, title, activity: 'x'.repeat(60), description: 'Bring a ball.\nAnd water.', locationName: 'w'.repeat(120), startTime: ahead(3), endTime: ahead(3.1), status: 'scheduled',
  maxGuests: 2, notes: null, host, participants, metrics: {approvedGuests: 0, pendingGuests: 0}, createdAt: ahead(-1), updatedAt: ahead(-1),
});
const BRUNO = {id: 2, name: 'Bruno'};
const membership = (id, title, more = {}) => ({
  playdateId: id, participantId: id, role: 'guest', status: 'approved', awaits: null, joinedAt: ahead(-1), decisionNote: null, playdate: playdate(id, title, BRUNO), participants: [part(2, 'Bruno', {role: 'host'})], ...more,
});
const ANSWERS = {
  '/api/playdates': {
    hosted: [playdate(1, 'محمد'.repeat(12), AMIRA, [part(1, 'Amira', {role: 'host'}), part(3, 'C'.repeat(80), {kids: [{name: 'N'.repeat(80), age: 0}]}), part(4, 'Diego', {status: 'pending', awaits: 'host', kids: [{name: 'Lucia', age: 9}]})])],
    joined: [membership(5, 'Chess', {status: 'pending', awaits: 'guest'}), membership(6, 'Swimming', {decisionNote: 'Bring towels.'})],
  },
  '/api/playdates/host/2': [playdate(8, 'Kites', BRUNO)],
  '/api/friends/confirmed': [BRUNO],
  '/api/friends/pending': [],
  '/api/friends/askingforme': [],
  '/api/tasks': {items: [], nextCursor: null},
  '/api/tasks/inbox': {items: [{id: 'a', type: 'friend.recommendations', updatedAt: ahead(-1), result: {
    headline: '1 playdate to plan with Bruno', friendId: 2, friendName: 'Bruno',
    recommendations: [{kidId: 1, kidName: 'Lina', matchName: 'Zoe', matchActivity: 'football', compatibilityScore: 19, suggestedSlot: 'x', startsAt: '2096-06-05T12:00:00Z', endsAt: '2096-06-05T13:30:00Z', timeZone: 'Europe/Paris'}],
  }}]},
};

const OVER = {...playdate(9, 'Rainy puddles', AMIRA), startTime: ahead(-3), endTime: ahead(-2.9)};
ANSWERS['/api/playdates'].hosted.push(OVER);

let server;
let browser;
let address;

before(async () => {
  server = createServer(serve);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});
after(async () => {
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(request, response) {
  const {pathname} = new URL(request.url, address);
  if (/^\/(api|auth)\//.test(pathname)) {
    const known = Object.hasOwn(ANSWERS, pathname);
    return response.writeHead(known ? 200 : 404, {'content-type': 'application/json'}).end(JSON.stringify(known ? ANSWERS[pathname] : {message: 'There is no such route.'}));
  }
  const [prefix, folder] = FOLDERS.find(([start]) => pathname.startsWith(start));
  const name = pathname === '/' ? 'index.html' : pathname.slice(prefix.length);
  const file = await readFile(new URL(folder + name, ROOT)).catch(() => undefined);
  return response.writeHead(file ? 200 : 404, {'content-type': TYPES[name.split('.').at(-1)] ?? 'text/plain'}).end(file);
}

async function open(t, view, {empty = false, ...options}) {
  const context = await browser.newContext({serviceWorkers: 'block', reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'Europe/Paris', ...options});
  context.setDefaultTimeout(120_000);
  t.after(() => context.close());
  const page = await context.newPage();
  await page.addInitScript(() => sessionStorage.getItem('came') ?? (localStorage.setItem('playmate-user', JSON.stringify({id: 1, name: 'Amira'})), sessionStorage.setItem('came', 'yes')));
  if (empty) for (const path of ['/api/playdates', '/api/playdates/host/2']) await page.route(`**${path}`, (route) => route.fulfill({json: path.endsWith('2') ? [] : {hosted: [], joined: []}}));
  await page.goto(`${address}/#${view}`);
  return page;
}

for (const [name, options] of Object.entries(SCREENS)) {
  test(`the playdates and their dialog are accessible and fit: ${name}`, async (t) => {
    const page = await open(t, 'playdates', options);
    await page.locator('[data-playdates="open"]').waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await page.locator('[data-playdates="over"] .playdate', {hasText: OVER.title}).waitFor();
    await screenshot(page, `playdates-${name}`);
    const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= width, `${content} is not wider than ${width}`);
    await page.getByRole('button', {name: 'Schedule a playdate'}).press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await violationsOf(page), [], 'the dialog');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({state: 'detached'});
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Schedule a playdate', 'the focus returns');
  });
}

test('a match fills in the dialog of an invitation', async (t) => {
  const page = await open(t, 'inbox', SCREENS.light);
  await page.getByRole('button', {name: 'Invite Zoe to a playdate'}).click();
  const dialog = page.getByRole('dialog');
  const values = await Promise.all(['Title', 'What', 'From', 'To'].map((label) => dialog.getByLabel(label).inputValue()));
  assert.deepEqual(values, ['Football with Zoe', 'football', '2096-06-05T14:00', '2096-06-05T15:30']);
  assert.equal(await dialog.getByLabel('Bruno').isChecked(), true);
});

test('a family without playdates is invited to make one', async (t) => {
  const page = await open(t, 'playdates', {...SCREENS.narrow, empty: true});
  await page.getByText('No playdates yet').waitFor();
  await page.getByText('Schedule one, or invite a family from a match in your inbox.').waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await screenshot(page, 'playdates-empty-narrow');
});

test('without a network the page opens with the last answers, and a sign-out removes them', async (t) => {
  const page = await open(t, 'playdates', {...SCREENS.narrow, serviceWorkers: 'allow'});
  await page.locator('[data-playdates="open"]').waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByText('There is no connection. You see what this device read at').waitFor();
  for (const list of ['questions', 'hosted', 'joined', 'over', 'open']) await page.locator(`[data-playdates="${list}"]`).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= width, `${content} is not wider than ${width}`);
  await screenshot(page, 'playdates-offline');
  await page.context().setOffline(false);
  await page.getByText('There is no connection. You see').waitFor({state: 'detached'});
  assert.ok(await keptOn(page) > 0);
  await page.context().setOffline(true);
  await page.getByRole('button', {name: 'Sign out'}).click();
  await page.locator('.kept').waitFor({state: 'detached'});
  assert.equal(await keptOn(page), 0);
  assert.ok(await page.evaluate(async () => (await (await caches.open('playmate-page')).keys()).every(({url}) => !/\/(api|auth)\//.test(url))), 'the service worker keeps no answer of the API');
});

function keptOn(page) {
  return page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('playmate-kept:')).length);
}
