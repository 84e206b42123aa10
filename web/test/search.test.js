import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {search} from '../families/map/atlas.js';

globalThis.fetch = async (url) => new Response(readFileSync(url));

const first = async (typed) => (await search(typed))[0]?.name;

test('a town is found in other spellings and scripts', async () => {
  for (const typed of ['Munich', 'München', 'Munchen', 'muenchen', 'Мюнхен', 'ミュンヘン']) assert.equal(await first(typed), 'Munich', typed);
  assert.equal(await first('東京'), 'Tokyo');
  assert.equal(await first('St. Gallen'), 'Sankt Gallen');
  assert.equal(await first('Москва'), 'Moscow');
});

test('towns of one name are distinguished, and the largest comes first', async () => {
  const [one, ...others] = (await search('Paris')).filter(({name}) => name === 'Paris');
  assert.equal(one.country, 'FR');
  assert.deepEqual(others.map(({region}) => region), ['TX']);
});

test('an unknown name finds nothing', async () => {
  assert.deepEqual(await search('Qwertz'), []);
  assert.deepEqual(await search('x'), []);
});
