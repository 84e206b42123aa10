import {coarseLand, fineLand, towns} from './atlas.js';
import {listenToGestures} from './gestures.js';
import {project, unproject, worldSize} from './mercator.js';
import {Painter, fromScreen, toScreen} from './painter.js';
import {Streets} from './streets.js';
import {Tiles} from './tiles.js';

const FARTHEST = 0.6;
/** The closest zoom with the shipped data alone, and with streets or picture tiles. */
const [NEAREST, NEAREST_STREET] = [15, 18];
const FINE_FROM = 3.2;
const TOWNS_FROM = 2.2;
/** Pixels a key moves the pin. */
const NUDGE = 24;

/** A map on which a point is chosen with mouse, touch or keys; it needs no network. */
export class MapWidget {
  /**
   * @param {HTMLElement} element contains the map; its children with `data-at` are moved with the map
   * @param {{onPick: (point: {latitude: number, longitude: number}) => void, onConfirm: () => void, onCancel: () => void, tiles?: string | null, streets?: string | null}} options
   */
  constructor(element, {onPick, onConfirm, onCancel, tiles, streets}) {
    this.element = element;
    this.onPick = onPick;
    this.onConfirm = onConfirm;
    this.onCancel = onCancel;
    this.canvas = element.querySelector('canvas');
    this.painter = new Painter(this.canvas);
    this.tiles = tiles ? new Tiles(tiles, () => this.redraw()) : undefined;
    this.streets = streets ? new Streets(streets, () => this.redraw()) : undefined;
    this.nearest = tiles || streets ? NEAREST_STREET : NEAREST;
    this.view = {x: 0.52, y: 0.36, zoom: 2, width: 1, height: 1, ratio: 1};
    this.home = undefined;
    this.pick = undefined;
    this.controller = new AbortController();
    this.#listen();
    this.#load();
  }

  destroy() {
    this.controller.abort();
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.flight);
  }

  setHome(point) {
    this.home = point ? {...point, ...project(point)} : undefined;
    this.redraw();
  }

  setPick(point) {
    this.pick = point ?? undefined;
    this.redraw();
  }

  /** Apply a change of theme. */
  recolour() {
    this.painter.recolour();
    this.redraw();
  }

  /** Zoom around the pin while it is visible, otherwise around the middle. */
  zoomBy(steps) {
    const pin = this.pinOnScreen();
    const anchor = pin && this.#isVisible(pin) ? pin : {x: this.view.width / 2, y: this.view.height / 2};
    this.#glide({...this.view, ...this.#zoomedAt(anchor, steps)});
  }

  /** Centre a point at a zoom. */
  show(point, zoom = 11.2) {
    this.#glide({...this.view, ...this.#besidePanel(project(point), zoom), zoom});
  }

  redraw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.#paint());
  }

  async #load() {
    this.land = await coarseLand();
    this.redraw();
  }

  #paint() {
    const {view} = this;
    if (view.zoom > FINE_FROM && !this.fine) {
      this.fine = true;
      void fineLand().then((land) => {
        this.land = land;
        this.redraw();
      });
    }
    if (view.zoom > TOWNS_FROM && !this.asked) {
      this.asked = true;
      void towns().then((all) => {
        this.towns = all;
        this.redraw();
      });
    }
    const pins = this.#placePins();
    this.painter.paint(view, {land: this.land, towns: this.towns, tiles: this.tiles, streets: this.streets, home: this.home, quiet: pins});
  }

  /** Move the pins; return the boxes, also the panel's, that town names must not cover. */
  #placePins() {
    const own = this.canvas.getBoundingClientRect();
    const covers = [...this.element.querySelectorAll('[data-covers]')].map((cover) => {
      const {left, right, top, bottom} = cover.getBoundingClientRect();
      return {left: left - own.left, right: right - own.left, top: top - own.top, bottom: bottom - own.top};
    });
    const pins = [.../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll('[data-at]'))].map((pin) => {
      const [latitude, longitude] = pin.dataset.at.split(',').map(Number);
      const {x, y} = toScreen(this.view, project({latitude, longitude}));
      pin.style.transform = `translate(${x}px, ${y}px)`;
      return {left: x - 30, right: x + 30, top: y - 46, bottom: y + 26};
    });
    return [...covers, ...pins];
  }

  #listen() {
    const {signal} = this.controller;
    listenToGestures(this.canvas, this, signal);
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.recolour(), {signal});
    document.fonts?.ready.then(() => this.recolour());
  }

  #resize() {
    const {width, height} = this.canvas.getBoundingClientRect();
    if (!width || !height) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    Object.assign(this.view, {width, height, ratio});
    Object.assign(this.canvas, {width: Math.round(width * ratio), height: Math.round(height * ratio)});
    this.#keepInside();
    cancelAnimationFrame(this.frame);
    this.#paint();
  }

  /** Return the pin of the candidate, otherwise that of the saved point, on the screen. */
  pinOnScreen() {
    const point = this.pick ?? this.home;
    return point ? toScreen(this.view, project(point)) : undefined;
  }

  #isVisible({x, y}) {
    return x >= 0 && y >= 0 && x <= this.view.width && y <= this.view.height;
  }

  /** Choose the point at a position on the screen. */
  pickAt(position) {
    this.onPick(unproject(fromScreen(this.view, position)));
  }

  /** Move the map by pixels. */
  panBy(dx, dy) {
    const size = worldSize(this.view.zoom);
    this.#set({x: this.view.x - dx / size, y: this.view.y - dy / size});
  }

  /** End a running glide. */
  stop() {
    cancelAnimationFrame(this.flight);
  }

  /** Move the pin by steps; the map follows it beyond its edge. */
  nudge([dx, dy], times) {
    const size = worldSize(this.view.zoom);
    const from = this.pick ?? this.home;
    const start = from ? project(from) : {x: this.view.x, y: this.view.y};
    const to = {x: start.x + (dx * NUDGE * times) / size, y: start.y + (dy * NUDGE * times) / size};
    const seen = toScreen(this.view, to);
    const margin = 60;
    if (seen.x < margin || seen.y < margin || seen.x > this.view.width - margin || seen.y > this.view.height - margin) this.#set(to);
    this.onPick(unproject(to));
  }

  /** Zoom in smoothly around a position on the screen. */
  glideInto(position) {
    this.#glide({...this.view, ...this.#zoomedAt(position, 1)});
  }

  /** Zoom at once and keep a position of the screen where it is. */
  zoomAt(point, change) {
    this.#set(this.#zoomedAt(point, change));
  }

  /** Return the view after a zoom that keeps a point of the screen where it is. */
  #zoomedAt(point, change) {
    const zoom = Math.max(FARTHEST, Math.min(this.nearest, this.view.zoom + change));
    const anchor = fromScreen(this.view, point);
    const size = worldSize(zoom);
    return {
      zoom,
      x: anchor.x - (point.x - this.view.width / 2) / size,
      y: anchor.y - (point.y - this.view.height / 2) / size,
    };
  }

  #set(change) {
    Object.assign(this.view, change);
    this.#keepInside();
    this.redraw();
  }

  #keepInside() {
    const {view} = this;
    view.zoom = Math.max(view.zoom, Math.log2(view.height / 256));
    const half = view.height / 2 / worldSize(view.zoom);
    view.y = half >= 0.5 ? 0.5 : Math.max(half, Math.min(1 - half, view.y));
    view.x -= Math.floor(view.x);
  }

  /** Return the centre that shows a point in the middle of the area beside the panel. */
  #besidePanel(point, zoom) {
    const inset = Number.parseFloat(getComputedStyle(this.element).getPropertyValue('--map-inset')) || 0;
    return {x: point.x - inset / 2 / worldSize(zoom), y: point.y};
  }

  #glide(to) {
    cancelAnimationFrame(this.flight);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || this.view.width <= 1) return this.#set(to);
    const from = {...this.view};
    const turn = Math.round(from.x - to.x);
    const start = performance.now();
    const step = (now) => {
      const t = Math.min(1, (now - start) / 700);
      const eased = 1 - (1 - t) ** 3;
      const mix = (key, shift = 0) => from[key] + (to[key] + shift - from[key]) * eased;
      this.#set({x: mix('x', turn), y: mix('y'), zoom: mix('zoom')});
      if (t < 1) this.flight = requestAnimationFrame(step);
    };
    this.flight = requestAnimationFrame(step);
  }
}
