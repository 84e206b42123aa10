import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {openStack, visit} from './stack.js';

/** A slow network and a slow device: 1.6 Mbit/s, 150 ms, a quarter of the CPU's speed. */
const NETWORK = {offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000};

let world;

before(async () => {
  world = await openStack();
});
after(() => world.close());

for (const path of ['/', '/operator/']) {
  test(`the first paint of ${path} comes with the bytes, not with one import after another`, async () => {
    const {page, context} = await visit(world, {reducedMotion: 'reduce'});
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', {cacheDisabled: true});
    await session.send('Network.emulateNetworkConditions', NETWORK);
    await session.send('Emulation.setCPUThrottlingRate', {rate: 4});
    await page.goto(`${world.proxy.url}${path}`);
    await page.locator('h1').waitFor();
    const measured = await page.evaluate(() => {
      const entries = performance.getEntriesByType('resource').filter(({initiatorType, name}) => initiatorType !== 'fetch' || name.endsWith('.js'));
      const paint = performance.getEntriesByName('first-contentful-paint')[0].startTime;
      const modules = entries.filter(({name}) => name.endsWith('.js'));
      return {
        paint,
        bytes: entries.filter(({responseEnd}) => responseEnd <= paint).reduce((sum, {transferSize}) => sum + transferSize, 0),
        spread: Math.max(...modules.map(({startTime}) => startTime)) - Math.min(...modules.map(({startTime}) => startTime)),
        count: modules.length,
      };
    });
    const transfer = (measured.bytes / NETWORK.downloadThroughput) * 1_000;
    console.log(`${path}: first paint ${Math.round(measured.paint)} ms, ${(measured.paint / transfer).toFixed(2)} times the transfer of its ${Math.round(measured.bytes / 1_000)} kB; ${measured.count} modules`);
    assert.ok(measured.spread < 2 * NETWORK.latency + 150, `every module is asked for at once, within ${Math.round(measured.spread)} ms`);
  });
}
