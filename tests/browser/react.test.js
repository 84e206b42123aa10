import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {after, before, beforeEach, test} from 'node:test';
import {Bench} from '../../clients/javascript/test/bench.js';
import {launch} from './chromium.js';

const CLIENT = new URL('../../clients/javascript/', import.meta.url);

let browser;
let script;
let bench;
let page;
let faults;

before(async () => {
  const {build} = createRequire(CLIENT)('esbuild');
  const {outputFiles} = await build({
    entryPoints: [new URL('test/react_app.jsx', CLIENT).pathname], bundle: true, write: false, format: 'esm', jsx: 'automatic',
    define: {'process.env.NODE_ENV': '"development"'},
  });
  script = outputFiles[0].text;
  browser = await launch();
});
after(() => browser.close());

beforeEach(async (t) => {
  bench = await new Bench().open();
  bench.static = serve;
  page = await browser.newPage();
  faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => line.type() === 'error' && !/Failed to load|WebSocket/.test(line.text()) && faults.push(line.text()));
  t.after(async () => {
    await page.close();
    await bench.close();
  });
  await page.goto(bench.url);
});

function serve(path, response) {
  if (path === '/') response.writeHead(200, {'content-type': 'text/html'}).end('<!doctype html><div id="root"></div><script type="module" src="/app.js"></script>');
  else if (path === '/app.js') response.writeHead(200, {'content-type': 'text/javascript'}).end(script);
  else if (path === '/favicon.ico') response.writeHead(204).end();
  else return false;
  return true;
}

function shows(id, text) {
  return page.locator(`#${id}`, {hasText: new RegExp(`^${text}$`)}).waitFor({timeout: 120_000});
}

async function submitted() {
  await shows('connection', 'live');
  await shows('status', 'none');
  await page.getByRole('button').click();
  await shows('status', 'pending');
  return [...bench.tasks.keys()].at(-1);
}

test('useTask follows a task to its result, in strict mode', async () => {
  const id = await submitted();
  bench.emit(id, {status: 'processing', attempts: 1});
  await shows('status', 'processing');
  bench.emit(id, {progress: {message: 'half', percent: 50}});
  await shows('progress', 'half');
  bench.finish(id, {message: 'hi'});
  await shows('result', '{"message":"hi"}');
  await shows('over', 'true');
  assert.deepEqual(faults, []);
});

test('useTask gives the failure of a task', async () => {
  const id = await submitted();
  bench.emit(id, {status: 'failed', error: 'Not today.'});
  await shows('error', 'Not today\\.');
});

test('useTask goes on by polling, and the connection says so', async () => {
  const id = await submitted();
  bench.blocked = true;
  bench.killSockets();
  await shows('connection', 'polling');
  bench.finish(id, 1);
  await shows('result', '1');
  bench.blocked = false;
  await shows('connection', 'live');
});

test('useTasks lists tasks that others start, too', async () => {
  await shows('connection', 'live');
  bench.create('echo');
  bench.create('echo');
  await shows('count', '2');
});
