import {createServer, request as httpRequest} from 'node:http';
import {connect} from 'node:net';

/** A proxy between the browser and the stack that breaks connections on demand. */
export class FaultProxy {
  constructor(target) {
    this.target = new URL(target);
    this.blocked = false; // refuses every WebSocket
    this.down = false; // resets every connection
    this.connections = new Set();
    this.sockets = new Set();
    this.opened = 0;
    this.paths = [];
    this.server = createServer((request, response) => this.#forward(request, response));
    this.server.on('connection', (socket) => this.#admit(socket));
    this.server.on('upgrade', (request, socket, head) => this.#tunnel(request, socket, head));
  }

  async open() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.host = `127.0.0.1:${this.server.address().port}`;
    this.url = `http://${this.host}`;
    return this;
  }

  async close() {
    for (const socket of this.connections) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  killSockets() {
    for (const socket of this.sockets) socket.destroy();
  }

  cut() {
    this.down = true;
    for (const socket of this.connections) socket.destroy();
  }

  restore() {
    this.down = false;
  }

  #admit(socket) {
    if (this.down) return socket.destroy();
    this.connections.add(socket);
    socket.on('close', () => this.connections.delete(socket));
    socket.on('error', () => {});
  }

  /** Replace the proxy's address by the stack's own. */
  #headers(headers) {
    const changed = {...headers, host: this.target.host};
    if (headers.origin) changed.origin = this.target.origin;
    return changed;
  }

  #forward(request, response) {
    this.paths.push(`${request.method} ${request.url}`);
    const {hostname, port} = this.target;
    const onward = httpRequest({hostname, port, path: request.url, method: request.method, headers: this.#headers(request.headers)}, (answer) => {
      if (request.url === '/api/realtime/ticket') return this.#ownTicket(answer, response);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  async #ownTicket(answer, response) {
    const chunks = [];
    for await (const chunk of answer) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString().replace(this.target.host, this.host);
    const {'content-length': _, ...headers} = answer.headers;
    response.writeHead(answer.statusCode, headers).end(text);
  }

  #tunnel(request, socket, head) {
    if (this.blocked) return socket.destroy();
    this.opened += 1;
    this.sockets.add(socket);
    const onward = connect(Number(this.target.port), this.target.hostname, () => {
      const headers = Object.entries(this.#headers(request.headers)).map(([name, value]) => `${name}: ${value}\r\n`);
      onward.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('')}\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    const end = () => {
      this.sockets.delete(socket);
      socket.destroy();
      onward.destroy();
    };
    for (const side of [socket, onward]) side.on('error', end).on('close', end);
  }
}
