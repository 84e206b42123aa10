import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {modulesOf, withModules} from '../preload.js';

for (const page of ['families', 'operators']) {
  test(`the page of ${page} names all its modules; run npm run preload`, () => {
    assert.equal(readFileSync(new URL(`../${page}/index.html`, import.meta.url), 'utf8'), withModules(page));
    assert.ok(modulesOf(page).length > 30);
  });
}
