import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {vendored} from '../vendor.js';

test('the files of others are those of the locked packages; run npm run vendor', async () => {
  const files = await vendored();
  assert.deepEqual(Object.keys(files), ['preact.js', 'vector_tiles.js']);
  for (const [name, text] of Object.entries(files)) {
    assert.ok(text === readFileSync(new URL(`../shared/vendor/${name}`, import.meta.url), 'utf8'), `${name} is another one`);
  }
});
