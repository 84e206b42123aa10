import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Link} from '../src/link.js';
import {DEFAULTS} from '../src/timing.js';

/** The parts that a link needs from its client. */
const ledger = {subscribing() {}, subscribed() {}, reached: () => true, cursor: undefined, hasGap: false};

/** Lets what is awaited go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

for (const [code, waits] of [['crowded-out', true], ['other', false]]) {
  test(`a socket that ends with ${code} comes back ${waits ? 'late' : 'soon'}`, async (t) => {
    t.mock.timers.enable({apis: ['setTimeout']});
    t.mock.method(Math, 'random', () => 0.999);
    const sockets = [];
    class Socket {
      constructor() {
        this.readyState = 1;
        sockets.push(this);
      }
      send() {}
      close() {}
    }
    const http = {request: async () => ({url: 'ws://here'})};
    const link = new Link({http, ledger, timing: DEFAULTS, WebSocket: Socket, onLive() {}});
    link.start();
    await settled();
    sockets[0].onopen();
    sockets[0].onmessage({data: JSON.stringify({type: 'subscribed', cursor: 'c1'})});
    sockets[0].onmessage({data: JSON.stringify({type: 'error', code, message: 'Too many.'})});
    t.mock.timers.tick(DEFAULTS.backoff * 4);
    await settled();
    assert.equal(sockets.length, waits ? 1 : 2);
    t.mock.timers.tick(DEFAULTS.backoffMax);
    await settled();
    assert.equal(sockets.length, 2);
    link.stop();
  });
}
