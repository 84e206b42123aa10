import {createServer} from 'node:http';

/** Time limit for the arrival of spans (ms). */
const PATIENCE = 30_000;

/** An OTLP/HTTP collector that keeps the spans it receives. */
export class Collector {
  constructor() {
    this.spans = [];
    this.listeners = new Set();
    this.server = createServer((request, response) => this.#take(request, response));
  }

  async open(port) {
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Wait until a trace has spans with all these names, each as often as listed; return its spans. */
  async trace(id, names) {
    const mine = () => this.spans.filter(({traceId}) => traceId === id);
    const missing = () => {
      const left = [...names];
      for (const {name} of mine()) if (left.includes(name)) left.splice(left.indexOf(name), 1);
      return left;
    };
    await new Promise((resolve, reject) => {
      const check = () => {
        if (missing().length) return;
        clearTimeout(timer);
        this.listeners.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.listeners.delete(check);
        reject(new Error(`trace ${id} has ${mine().map(({name}) => name).join(', ')}; it lacks ${missing().join(', ')}`));
      }, PATIENCE);
      this.listeners.add(check);
      check();
    });
    return mine();
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(200, {'content-type': 'application/json'}).end('{}');
    const {resourceSpans} = JSON.parse(Buffer.concat(chunks).toString());
    for (const {scopeSpans} of resourceSpans) for (const {spans} of scopeSpans) this.spans.push(...spans);
    for (const listener of [...this.listeners]) listener();
  }
}
