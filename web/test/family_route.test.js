import assert from 'node:assert/strict';
import {test} from 'node:test';
import {routeOf} from '../families/route.js';
import {routeOf as operatorRouteOf} from '../operators/route.js';
import {Linked} from '../families/components/linked.js';
import {show, textOf} from './page.js';

const VIEWS = ['meet', 'friends', 'inbox'];

test('an address names a view and a thing in it', () => {
  assert.deepEqual(routeOf('#inbox/5', VIEWS), {view: 'inbox', id: '5', isKnown: true});
  assert.deepEqual(routeOf('', VIEWS), {view: 'meet', id: '', isKnown: true});
  assert.deepEqual(routeOf('#nowhere/5', VIEWS), {view: 'meet', id: '', isKnown: false});
  assert.equal(routeOf('#inbox/%E0%A4%A', VIEWS).id, '');
});

test('a name that every object has is no view', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    assert.deepEqual(routeOf(`#${name}`, VIEWS), {view: 'meet', id: '', isKnown: false}, name);
    assert.equal(operatorRouteOf(`#${name}/5?state=failed`, VIEWS).view, 'meet', name);
  }
});

test('a thing that is not there is said, but not before its list is read', async () => {
  const said = async (properties) => textOf(await show(Linked, {what: 'match', ...properties}));
  assert.equal(await said({id: '5', things: undefined}), '');
  assert.equal(await said({id: '', things: []}), '');
  assert.equal(await said({id: '5', things: [{id: 5}]}), '');
  assert.match(await said({id: '6', things: [{id: 5}]}), /^This match is no longer here\./);
});
