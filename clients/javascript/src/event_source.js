import {TaskClient} from './client.js';

const PATH = '/api/task-events';

/**
 * A drop-in `EventSource` for code that reads the former stream `GET /api/task-events`. The updates come over the
 * WebSocket, with the client's guarantees.
 */
export class TaskEventSource extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 2;
  readyState = TaskEventSource.CONNECTING;

  /**
   * @param {string | URL} url of the former stream; the API's base is the part before `/api/task-events`
   * @param {Partial<import('../index.d.ts').ClientOptions> & {withCredentials?: boolean}} [options]
   */
  constructor(url, {withCredentials = false, ...options} = {}) {
    super();
    this.url = new URL(url, globalThis.location?.href).href;
    this.withCredentials = withCredentials;
    this.client = new TaskClient({apiUrl: /** @type {string} */ (this.url.split(PATH)[0]), ...options});
    this.client.onConnection((state) => this.#enter(state));
    this.client.onUpdate((task) => this.#give(task));
  }

  close() {
    this.readyState = TaskEventSource.CLOSED;
    this.client.close();
  }

  /** @param {import('../index.d.ts').ConnectionState} state */
  #enter(state) {
    if (this.readyState === TaskEventSource.CLOSED) return;
    const works = state === 'live' || state === 'polling';
    const was = this.readyState;
    this.readyState = works ? TaskEventSource.OPEN : state === 'expired' ? TaskEventSource.CLOSED : TaskEventSource.CONNECTING;
    if (works && was !== TaskEventSource.OPEN) this.#fire(new Event('open'));
    if (state === 'offline' || state === 'expired') this.#fire(new Event('error'));
  }

  /** @param {import('../index.d.ts').TaskUpdate} task */
  #give(task) {
    const init = {data: JSON.stringify(task), origin: new URL(this.url).origin, lastEventId: `${task.id}:${task.seq}`};
    for (const type of ['message', 'task-update']) this.#fire(new MessageEvent(type, init));
  }

  /** Call the `on…` property, as an EventSource does, then the listeners. @param {Event} event */
  #fire(event) {
    /** @type {any} */ (this)[`on${event.type}`]?.(event);
    this.dispatchEvent(event);
  }
}
