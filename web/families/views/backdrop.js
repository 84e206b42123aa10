import {coarseLand} from '../map/atlas.js';
import {project} from '../map/mercator.js';
import {Painter} from '../map/painter.js';
import {html, useEffect, useRef} from '../../shared/vendor/preact.js';

const CENTRE = project({latitude: 46.5, longitude: 4});

/** The map behind the welcome page; it cannot be used. */
export function Backdrop() {
  const element = useRef(null);
  useEffect(() => {
    const canvas = element.current.querySelector('canvas');
    const painter = new Painter(canvas);
    let land;
    const paint = () => {
      const {width, height} = element.current.getBoundingClientRect();
      const ratio = Math.min(2, devicePixelRatio || 1);
      Object.assign(canvas, {width: Math.round(width * ratio), height: Math.round(height * ratio)});
      painter.recolour();
      painter.paint({...CENTRE, zoom: 4.1, width, height, ratio}, {land});
    };
    const resizing = new ResizeObserver(paint);
    resizing.observe(element.current);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', paint);
    coarseLand().then((read) => {
      land = read;
      paint();
    }, () => {}); // without land the backdrop shows the sea only
    return () => {
      resizing.disconnect();
      dark.removeEventListener('change', paint);
    };
  }, []);
  return html`<div class="backdrop" ref=${element} aria-hidden="true"><canvas></canvas></div>`;
}
