import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {parseHTML} from 'linkedom';
import {Welcome} from '../families/views/welcome.js';
import {Login} from '../operators/views/login.js';
import {show, textOf} from './page.js';

for (const [page, view, part] of [['families', Welcome, '.welcome-pitch'], ['operators', Login, 'h1']]) {
  test(`the page of ${page} shows the text of its sign-in before its modules are there`, async () => {
    const {document: before} = parseHTML(readFileSync(new URL(`../${page}/index.html`, import.meta.url), 'utf8'));
    const shown = await show(view);
    const plain = (text) => text.replaceAll(' ', '');
    assert.equal(plain(textOf(before.querySelector(`#app .shell ${part}`))), plain(textOf(shown.querySelector(part))));
    assert.ok(before.querySelector('#app .shell-frame .brand'));
  });
}
