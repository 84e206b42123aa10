import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {openPage, openStack} from './stack.js';

/** A slow network and a slow device: 1.6 Mbit/s, 150 ms, a quarter of the CPU's speed. */
const NETWORK = {offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000};
/** All scripts are modules, but for the one that runs before the first paint. */
const MODULE = /(?<!\/entry)\.js$/;
/** Time limit for the requests of all modules (ms). */
const PATIENCE = 120_000;

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

for (const path of ['/', '/operator/']) {
  test(`${path} asks for all its modules before the first of them has answered`, async () => {
    const {page} = await openPage(world.browser);
    const listed = (await (await fetch(`${world.proxy.url}${path}`)).text()).match(/rel="modulepreload"/g).length;
    const waiting = [];
    await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`${waiting.length} of ${listed} modules are asked for`)), PATIENCE).unref();
      page.route(MODULE, (route) => void (waiting.push(route) === listed && resolve())).then(() => page.goto(`${world.proxy.url}${path}`, {waitUntil: 'commit'})).catch(reject);
    });
    await Promise.all(waiting.map((route) => route.continue()));
    await page.getByLabel('Password').waitFor();
    assert.equal(waiting.length, listed, 'no module is asked for later');
  });

  test(`the first paint of ${path} on a slow network is printed`, async () => {
    const {page, context} = await openPage(world.browser, {reducedMotion: 'reduce'});
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', {cacheDisabled: true});
    await session.send('Network.emulateNetworkConditions', NETWORK);
    await session.send('Emulation.setCPUThrottlingRate', {rate: 4});
    await page.goto(`${world.proxy.url}${path}`);
    await page.getByLabel('Password').waitFor();
    const measured = await page.evaluate(() => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0].startTime;
      const before = performance.getEntriesByType('resource').filter(({responseEnd}) => responseEnd <= paint);
      return {paint, usable: performance.now(), requests: before.length, bytes: before.reduce((sum, {transferSize}) => sum + transferSize, 0)};
    });
    const transfer = (measured.bytes / NETWORK.downloadThroughput) * 1_000;
    console.log(`${path}: first paint ${Math.round(measured.paint)} ms, ${(measured.paint / transfer).toFixed(2)} times the transfer of its ${Math.round(measured.bytes / 1_000)} kB in ${measured.requests} requests; the sign-in is usable after ${Math.round(measured.usable)} ms`);
  });
}
