import {createHash, randomBytes} from 'node:crypto';
import {createServer} from 'node:http';
import {WebSocketServer} from 'ws';

const KINDS = {processing: 'started', pending: 'retrying'};

/** A server of the wire contract that keeps everything in memory and fails on demand. */
export class Bench {
  constructor() {
    this.tasks = new Map();
    this.events = []; // {task, seq, status, kind, data, frame}: the position in here is the cursor
    this.tickets = new Set();
    this.sockets = new Set();
    this.keys = new Map();
    this.connections = new Set();
    this.requests = [];
    this.traces = []; // of each request: its traceparent
    this.blocked = false; // refuses every WebSocket
    this.down = false; // resets every connection
    this.expired = false; // 401 on everything
    this.mute = false; // sockets accept and never answer
    this.lost = 0; // pushes still to be lost
    this.renamesTail = false; // pongs name the tail by a cursor that no frame had
    this.created = 0;
    this.hangsUp = 0; // requests that are still to be left without an answer
    this.silent = 0; // requests that are still to be taken and never answered
    this.subscriptions = [];
    this.static = undefined; // (request, response) => handled?
    this.route = undefined; // (method, path, body) => [status, answer], or undefined: this server's own route
    this.server = createServer((request, response) => this.#answer(request, response));
    this.server.on('connection', (socket) => this.#admit(socket));
    this.gate = new WebSocketServer({noServer: true});
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async open(port = 0) {
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    for (const socket of this.sockets) socket.terminate();
    for (const connection of this.connections) connection.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Lets something happen to a task: a new event, pushed to the subscribed sockets. */
  emit(id, change = {}, given = undefined) {
    const task = this.tasks.get(id);
    Object.assign(task, change, {seq: task.seq + 1, updatedAt: new Date().toISOString()});
    const kind = given ?? ('progress' in change ? 'progress' : (KINDS[change.status] ?? change.status ?? 'submitted'));
    this.events.push({
      id, seq: task.seq, kind, status: task.status, attempts: task.attempts, createdAt: task.updatedAt,
      ...('progress' in change ? {progress: change.progress} : {}), task: {...frameOf(task), event: kind},
    });
    const position = this.events.length;
    for (const socket of this.sockets) if (socket.subscribed && !this.late) this.#push(socket, position);
    return task.seq;
  }

  /** Write to a stream of a task, as a handler does; `restart` begins the next generation. */
  write(id, stream, text, {done = false, restart = false} = {}) {
    const task = this.tasks.get(id);
    task.streams ??= {};
    const known = task.streams[stream];
    if (!known || restart) task.streams[stream] = {generation: (known?.generation ?? 0) + 1, text: '', done: false};
    const written = task.streams[stream];
    const offset = [...written.text].length;
    Object.assign(written, {text: written.text + text, done});
    Object.assign(task, {seq: task.seq + 1, updatedAt: new Date().toISOString()});
    const part = {stream, generation: written.generation, offset, done};
    this.events.push({
      id, seq: task.seq, kind: 'stream', status: task.status, attempts: task.attempts, createdAt: task.updatedAt,
      task: {...frameOf(task), event: 'stream'}, part: {...part, text},
    });
    const position = this.events.length;
    for (const socket of this.sockets) if (socket.subscribed) this.#push(socket, position);
  }

  /** Push the events of one task that `happen` causes in one frame, as the server does. */
  together(happen) {
    const from = this.events.length;
    this.late = true;
    happen();
    this.late = false;
    const events = this.events.slice(from);
    const earlier = events.slice(0, -1).map(({task, id: _, ...event}) => event);
    const frame = {type: 'task-update', cursor: this.tail, task: {...events.at(-1).task, earlier}};
    for (const socket of this.sockets) if (socket.subscribed) this.#say(socket, frame);
  }

  create(type, payload = {}, traceId = null) {
    this.created += 1;
    const id = `018f0000-0000-7000-8000-${String(this.created).padStart(12, '0')}`;
    this.tasks.set(id, {
      id, type, payload, status: 'pending', result: null, error: null, attempts: 0, maxAttempts: 3,
      progress: null, createdAt: new Date().toISOString(), nextRunAt: null, traceId, seq: 0,
    });
    this.emit(id);
    return id;
  }

  finish(id, result = {}) {
    this.emit(id, {status: 'completed', result});
  }

  killSockets() {
    for (const socket of this.sockets) socket.terminate();
  }

  /** Cut the network: destroy every open connection, and destroy each new one until `restore()`. */
  cut() {
    this.down = true;
    for (const connection of this.connections) connection.destroy();
  }

  restore() {
    this.down = false;
  }

  get tail() {
    return `c${this.events.length}`;
  }

  #admit(socket) {
    if (this.down) return socket.destroy();
    this.connections.add(socket);
    socket.on('close', () => this.connections.delete(socket));
    socket.on('error', () => {});
  }

  #upgrade(request, socket, head) {
    const ticket = new URL(request.url, this.url).searchParams.get('ticket');
    if (this.blocked || !this.tickets.delete(ticket)) return socket.destroy();
    this.gate.handleUpgrade(request, socket, head, (ws) => {
      this.sockets.add(ws);
      ws.on('close', () => this.sockets.delete(ws));
      ws.on('error', () => {});
      ws.on('message', (data) => this.#receive(ws, JSON.parse(data)));
    });
  }

  #receive(socket, {action, cursor}) {
    if (this.mute) return;
    if (action === 'ping') return this.#say(socket, {type: 'pong', cursor: this.renamesTail ? `${this.tail}.whole` : this.tail});
    if (action !== 'subscribe') return this.#say(socket, {type: 'error', message: `unknown action ${action}`});
    this.subscriptions.push(cursor);
    const from = cursor === undefined ? undefined : Number.parseInt(cursor.slice(1), 10);
    if (from > this.events.length) return this.#say(socket, {type: 'error', message: 'this cursor is not known'});
    socket.subscribed = true;
    this.#say(socket, {type: 'subscribed', cursor: cursor ?? this.tail});
    if (from === undefined) this.#sendSnapshots(socket);
    else for (let position = from + 1; position <= this.events.length; position += 1) this.#push(socket, position, true);
  }

  #sendSnapshots(socket) {
    for (const task of this.tasks.values()) this.#say(socket, {type: 'task-update', cursor: this.tail, task: frameOf(task)});
  }

  #push(socket, position, replayed = false) {
    if (!replayed && this.lost > 0) {
      this.lost -= 1;
      return;
    }
    const {id, task, part} = this.events[position - 1];
    const cursor = `c${position}`;
    this.#say(socket, part ? {type: 'stream', cursor, taskId: id, ...part, task} : {type: 'task-update', cursor, task});
  }

  #say(socket, frame) {
    socket.send(JSON.stringify(frame));
  }

  async #answer(request, response) {
    const {pathname, searchParams} = new URL(request.url, this.url);
    if (this.static?.(pathname, response)) return;
    this.requests.push(`${request.method} ${pathname}`);
    this.traces.push(request.headers.traceparent);
    if (this.hangsUp > 0) {
      this.hangsUp -= 1;
      return request.socket.destroy();
    }
    if (this.silent > 0) {
      this.silent -= 1;
      return undefined;
    }
    const body = await bodyOf(request);
    const [status, answer] = this.#route(request, pathname, searchParams, body);
    response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(answer));
  }

  #route(request, path, query, body) {
    if (this.expired || request.headers.authorization === 'Bearer old') return [401, {message: 'sign in again'}];
    const given = this.route?.(request.method, path, body);
    if (given) return given;
    const [, id, part, name] = /^\/api\/tasks\/([^/]+)(?:\/(\w+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    if (path === '/api/realtime/ticket') return [200, this.#ticket()];
    if (path === '/api/tasks' && request.method === 'POST') return this.#submit(request.headers, body);
    if (path === '/api/tasks') return [200, {items: [...this.tasks.values()].reverse().slice(0, query.get('limit') ?? 20)}];
    const task = this.tasks.get(id);
    if (!task) return [404, {message: 'no such task'}];
    if (part === 'events') return [200, {items: this.#eventsOf(id, Number(query.get('after') ?? 0))}];
    if (part === 'streams') return this.#stream(task.streams?.[decodeURIComponent(name)], Number(query.get('after') ?? 0));
    if (part === 'cancel') return [202, this.emit(id, {status: 'cancelled'})];
    return [200, task];
  }

  #ticket() {
    const ticket = randomBytes(8).toString('hex');
    this.tickets.add(ticket);
    return {ticket, url: `${this.url.replace('http', 'ws')}/ws?ticket=${ticket}`, expiresIn: 60};
  }

  #submit({'idempotency-key': key, traceparent}, {type, payload}) {
    const hash = createHash('sha256').update(JSON.stringify([type, payload])).digest('hex');
    const known = key && this.keys.get(key);
    if (known && known.hash !== hash) return [422, {message: 'this key was used for something else'}];
    const id = known ? known.id : this.create(type, payload, traceparent?.split('-')[1]);
    this.keys.set(key, {id, hash});
    const {status, attempts, maxAttempts, traceId} = this.tasks.get(id);
    return [202, {id, status, attempts, maxAttempts, traceId}];
  }

  #stream(stream, after) {
    if (!stream) return [404, {message: 'no such stream'}];
    const {generation, text, done} = stream;
    return [200, {generation, offset: after, text: [...text].slice(after).join(''), done}];
  }

  #eventsOf(id, after) {
    return this.events.filter((event) => event.id === id && event.seq > after).map(({task, part, id: _, ...event}) => event);
  }
}

function frameOf({id, type, status, attempts, maxAttempts, result, error, progress, updatedAt, traceId, seq, asks}) {
  return {id, type, status, attempts, maxAttempts, result, error, progress, updatedAt, traceId, seq, ...(asks ? {asks} : {})};
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
}
