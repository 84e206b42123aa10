import {html, useLayoutEffect, useRef} from '../../shared/vendor/preact.js';
import {config} from '../../shared/config.js';
import {Icon} from '../../shared/components/icons.js';
import {kilometres} from '../texts.js';
import {MapWidget} from './map.js';
import {bearing, distanceKm} from './mercator.js';

/** The map with its pins: `home` is the saved point, `pick` the chosen one, `friends` the points of friends. */
export function MapView({home, pick, friends, focus, onPick, onConfirm, onCancel, label, children}) {
  const element = useRef(null);
  const widget = useRef(null);
  const handlers = useRef({onPick, onConfirm, onCancel});
  handlers.current = {onPick, onConfirm, onCancel};

  // Before the next frame: a key or a press that follows the new text must find the widget with the same point.
  useLayoutEffect(() => {
    const made = new MapWidget(element.current, {
      onPick: (point) => handlers.current.onPick(point),
      onConfirm: () => handlers.current.onConfirm(),
      onCancel: () => handlers.current.onCancel(),
      tiles: config.tiles?.url,
      streets: config.streets?.url,
    });
    widget.current = made;
    const recolour = () => made.recolour();
    addEventListener('themechange', recolour);
    return () => {
      removeEventListener('themechange', recolour);
      made.destroy();
    };
  }, []);
  useLayoutEffect(() => widget.current.setHome(home), [home?.latitude, home?.longitude]);
  useLayoutEffect(() => widget.current.setPick(pick), [pick?.latitude, pick?.longitude]);
  useLayoutEffect(() => widget.current.redraw(), [friends]);
  useLayoutEffect(() => {
    if (focus) widget.current.show(focus, focus.zoom);
  }, [focus]);

  const {tiles, streets} = config;
  const shipped = 'Land: Natural Earth · Towns: GeoNames, CC BY 4.0';
  return html`
    <div class="map" ref=${element}>
      <canvas class="map-canvas" tabindex="0" role="application" aria-label=${label} aria-describedby="map-help"></canvas>
      <p id="map-help" class="visually-hidden">
        Arrow keys move the pin, with Shift five times as far. Enter saves the new point, Escape drops it. Plus and minus zoom. The fields of the panel do the same in words and numbers.
      </p>
      <div class="pins" aria-hidden="true">
        ${friends.map((friend) => html`
          <span key=${friend.id} class="pin friend-pin" data-at=${`${friend.latitude},${friend.longitude}`}>
            <span class="friend-dot">${friend.name.slice(0, 1)}</span><span class="pin-name">${friend.name}</span>
          </span>`)}
        ${home && html`<span key="home" class="pin home-pin" data-at=${`${home.latitude},${home.longitude}`}><${Pin} /></span>`}
        ${pick && html`<span key=${`${pick.latitude},${pick.longitude}`} class="pin pick-pin" data-at=${`${pick.latitude},${pick.longitude}`}><${Pin} /></span>`}
      </div>
      ${home && friends.length > 0 && html`
        <ul class="visually-hidden" aria-label="Friends on the map">
          ${friends.map((friend) => html`<li key=${friend.id}>${friend.name}, ${kilometres(distanceKm(home, friend))} ${bearing(home, friend)} of you</li>`)}
        </ul>`}
      <div class="map-zoom" data-covers role="group" aria-label="Zoom">
        <button type="button" class="icon-button" aria-label="Closer" onClick=${() => widget.current.zoomBy(1)}><${Icon} name="plus" /></button>
        <button type="button" class="icon-button" aria-label="Farther" onClick=${() => widget.current.zoomBy(-1)}><${Icon} name="minus" /></button>
      </div>
      <p class="map-credit" data-covers>${tiles ? tiles.attribution : streets ? `${streets.attribution} · ${shipped}` : shipped}</p>
      ${children}
    </div>`;
}

function Pin() {
  return html`
    <svg width="34" height="44" viewBox="0 0 34 44">
      <ellipse class="pin-shade" cx="17" cy="41" rx="7" ry="2.5" />
      <path class="pin-body" d="M17 2C8.7 2 2 8.6 2 16.8 2 27.6 17 41 17 41s15-13.4 15-24.2C32 8.6 25.3 2 17 2Z" />
      <circle class="pin-eye" cx="17" cy="16.5" r="5.5" />
    </svg>`;
}
