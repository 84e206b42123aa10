/** A press that moves less than this (px) is a click. */
const STILL = 5;
/** A second click within this time (ms) and distance (px) of the first one zooms instead of choosing a point. */
const [DOUBLE_MS, DOUBLE_PX] = [280, 24];
/** The area of a pin around its tip (px): half its width, and its height. */
const [PIN_HALF, PIN_HEIGHT] = [20, 46];
const ARROWS = {ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0]};

/** Let mouse, touch, pen, wheel and keys on the canvas move the map and its pin, until the signal is aborted. */
export function listenToGestures(canvas, map, signal) {
  const press = new Press(canvas, map);
  const on = (type, handler, options) => canvas.addEventListener(type, handler, {signal, ...options});
  on('pointerdown', (event) => press.down(event));
  on('pointermove', (event) => press.move(event));
  on('pointerup', (event) => press.up(event));
  on('pointercancel', (event) => press.pointers.delete(event.pointerId));
  on('wheel', (event) => wheel(event, canvas, map), {passive: false});
  on('dblclick', (event) => event.preventDefault());
  on('keydown', (event) => key(event, map));
  signal.addEventListener('abort', () => clearTimeout(press.clicking));
}

/** The pointers on the canvas: one drags the map or the pin, two pinch, a short press is a click. */
class Press {
  constructor(canvas, map) {
    this.canvas = canvas;
    this.map = map;
    this.pointers = new Map();
  }

  down(event) {
    if (event.button !== 0) return;
    this.downAt = event.timeStamp;
    this.map.stop();
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at(event));
    const isFirst = this.pointers.size === 1;
    this.pressed = isFirst ? at(event) : undefined;
    this.dragged = isFirst ? this.#pinUnder(at(event)) : undefined;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, now);
    if (this.pressed && far(this.pressed, now) > STILL) this.pressed = undefined;
    if (this.pressed) return;
    if (this.dragged && !others.length) return this.map.pickAt({x: now.x + this.dragged.dx, y: now.y + this.dragged.dy});
    if (others.length) this.#pinch(others[0][1], before, now);
    const share = others.length ? 0.5 : 1;
    this.map.panBy((now.x - before.x) * share, (now.y - before.y) * share);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.pressed && !this.dragged) this.#click(this.pressed);
    this.pressed = this.dragged = undefined;
  }

  /** Return where the pin's tip lies from a press on the pin, or undefined for a press beside it. */
  #pinUnder(press) {
    const pin = this.map.pinOnScreen();
    if (!pin) return undefined;
    const [dx, dy] = [pin.x - press.x, pin.y - press.y];
    return Math.abs(dx) <= PIN_HALF && dy >= -STILL && dy <= PIN_HEIGHT ? {dx, dy} : undefined;
  }

  /** Choose the point of a click, unless a second click follows: that one zooms. The times are those of the presses. */
  #click(point) {
    const first = this.clicked;
    clearTimeout(this.clicking);
    if (first && this.downAt - first.at <= DOUBLE_MS && far(first.point, point) <= DOUBLE_PX) return this.#doubleClick(first);
    const click = {point, at: this.downAt, before: this.map.pick, isChosen: false};
    this.clicked = click;
    this.clicking = setTimeout(() => {
      click.isChosen = true;
      this.map.pickAt(point);
    }, DOUBLE_MS);
  }

  /** Zoom. On a slow device the first click has chosen its point already: return to the point before it. */
  #doubleClick({point, before, isChosen}) {
    this.clicked = undefined;
    if (isChosen && before) this.map.onPick(before);
    else if (isChosen) this.map.onCancel();
    this.map.glideInto(point);
  }

  #pinch(still, before, now) {
    const change = Math.log2(far(still, now) / Math.max(1, far(still, before)));
    this.map.zoomAt({x: (still.x + now.x) / 2, y: (still.y + now.y) / 2}, change);
  }
}

/** Zoom by the wheel only while the map has the focus, otherwise the page scrolls; a pinch on a trackpad always zooms. */
function wheel(event, canvas, map) {
  if (!event.ctrlKey && document.activeElement !== canvas) return;
  event.preventDefault();
  map.stop();
  map.zoomAt(at(event), -event.deltaY * (event.ctrlKey ? 0.01 : 0.0022));
}

function key(event, map) {
  const move = ARROWS[event.key];
  if (move) map.nudge(move, event.shiftKey ? 5 : 1);
  else if (event.key === '+' || event.key === '=') map.zoomBy(1);
  else if (event.key === '-') map.zoomBy(-1);
  else if (event.key === 'Enter' && map.pick) map.onConfirm();
  else if (event.key === 'Escape' && map.pick) map.onCancel();
  else return;
  event.preventDefault();
}

function at(event) {
  return {x: event.offsetX, y: event.offsetY};
}

function far(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
