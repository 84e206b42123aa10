import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {createServer, request as forward} from 'node:http';
import {after, before, test} from 'node:test';
import {launch} from './chromium.js';
import {stack} from './stack.js';

const CLIENT = new URL('../../clients/javascript/', import.meta.url);
const PORT = Number(process.env.PAGE_PORT);
/** The host name of the page and the API must be the same for the cookie; the port does not matter. */
const API = stack.web_url.replace('127.0.0.1', 'localhost');
const USER = {identifier: stack.users[0].name, password: stack.users[0].password};

let server;
let browser;

before(async () => {
  server = createServer(serve);
  await new Promise((resolve) => server.listen(PORT, '127.0.0.1', resolve));
  browser = await launch();
});
after(async () => {
  await browser.close();
  await new Promise((resolve) => server.close(resolve));
});

/** Serve an empty page and the client; forward /api and /auth to the API, as the proxy of a development server does. */
async function serve(request, response) {
  if (/^\/(api|auth)\//.test(request.url)) {
    const upstream = forward(new URL(request.url, API), {method: request.method, headers: request.headers}, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    return request.pipe(upstream);
  }
  if (!request.url.startsWith('/client/')) return response.writeHead(200, {'content-type': 'text/html'}).end('<!doctype html><title>Frontend</title>');
  const code = await readFile(new URL(request.url.slice('/client/'.length), CLIENT));
  return response.writeHead(200, {'content-type': 'text/javascript'}).end(code);
}

/** Sign in, follow the stream that the page was written for, submit a task, return the statuses up to the last one. */
async function frontend({api, user, by}) {
  const {TaskEventSource} = await import('/client/index.js');
  const cookie = by === 'cookie';
  const credentials = cookie ? 'include' : 'omit';
  const post = async (path, body, headers = {}) => {
    const answer = await fetch(`${api}${path}`, {
      method: 'POST', credentials, headers: {'content-type': 'application/json', ...headers}, body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const {accessToken} = await post('/auth/login', user);
  const identity = cookie ? {} : {authorization: `Bearer ${accessToken}`};
  const source = new TaskEventSource(`${api || location.origin}/api/task-events`, {
    withCredentials: cookie, storage: null, ...(cookie ? {} : {getToken: () => accessToken}),
  });
  await new Promise((resolve) => { source.onopen = resolve; });
  const updates = [];
  let submitted;
  let finish;
  const over = new Promise((resolve) => { finish = resolve; });
  const finishIfDone = () => updates.some(({id, status}) => id === submitted && status === 'completed') && finish();
  source.onmessage = ({data}) => { updates.push(JSON.parse(data)); finishIfDone(); };
  submitted = (await post('/api/tasks', {type: 'echo', payload: {hello: 'you'}}, identity)).id;
  finishIfDone(); // the last update may have come before the answer
  await over;
  source.close();
  return updates.filter(({id}) => id === submitted).map(({status}) => status);
}

async function visit(t) {
  const context = await browser.newContext({serviceWorkers: 'block'});
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`http://localhost:${PORT}/`);
  return page;
}

for (const [form, api, by] of [['another origin with the cookie', API, 'cookie'], ['another origin with the token', API, 'token'], ['a proxy with the cookie', '', 'cookie']]) {
  test(`a frontend of ${form} signs in, submits and sees each update`, async (t) => {
    const page = await visit(t);
    const statuses = await page.evaluate(frontend, {api, user: USER, by});
    assert.equal(statuses[0], 'pending');
    assert.equal(statuses.at(-1), 'completed');
  });
}

test('an origin that is not allowed cannot sign in', async (t) => {
  const page = await visit(t);
  await page.goto(`http://127.0.0.1:${PORT}/`);
  const answer = await page.evaluate(async ([api, user]) => {
    try {
      await fetch(`${api}/auth/login`, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(user)});
      return 'signed in';
    } catch {
      return 'refused';
    }
  }, [API, USER]);
  assert.equal(answer, 'refused');
});

test('the former stream answers 410 with words that name the WebSocket', async () => {
  const answer = await fetch(`${API}/api/task-events`);
  assert.equal(answer.status, 410);
  assert.match((await answer.json()).message, /WebSocket.*\/api\/realtime\/ticket/);
});
