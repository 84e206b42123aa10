import {reload, useResource} from '../data.js';
import {towns, townNear} from '../map/atlas.js';
import {bearing} from '../map/mercator.js';
import {MapView} from '../map/view.js';
import {BusyButton, ReadError, toast, toastError} from '../../shared/components/controls.js';
import {Search} from '../components/search.js';
import {useClientTasks} from '../components/watch.js';
import {call, client} from '../session.js';
import {html, useEffect, useMemo, useState} from '../../shared/vendor/preact.js';
import {useDraft} from '../drafts.js';
import {OVER, coordinates, kilometres} from '../texts.js';
import {Insight, Leaderboard, Plan} from './findings.js';

const TYPE = 'location.playdate.update';

/** The view of the meeting point and the plan. */
export function Meet() {
  const point = useResource('point');
  const found = useResource('recommendations');
  const [pick, setPick] = useDraft('point');
  const [focus, setFocus] = useState(null);
  const working = useWorking();
  const home = point.value ?? null;
  useEffect(() => {
    if (home) setFocus({...home, zoom: 11.2});
  }, [home?.latitude, home?.longitude]);
  const choose = (place, zoom) => {
    setPick(place);
    if (zoom) setFocus({...place, zoom});
  };
  const save = async () => {
    try {
      await meetAt(pick);
      setPick(null);
    } catch (error) {
      toastError(error);
    }
  };
  const friends = useMemo(() => friendsOf(found.value?.leaderboard ?? []), [found.value]);
  return html`
    <h1 class="visually-hidden">Where you meet</h1>
    <${MapView} home=${home} pick=${pick} friends=${friends} focus=${focus} onPick=${choose} onConfirm=${save} onCancel=${() => choose(null)} label="Map. Click to choose your playdate point.">
      <${Panel} home=${home} point=${point} pick=${pick} choose=${choose} set=${save} working=${working} />
    <//>
    <div class="findings" aria-busy=${Boolean(working)}>
      <${Plan} hasPoint=${Boolean(home)} />
      <${Insight} working=${working} />
      <${Leaderboard} />
    </div>`;
}

function Panel({home, point, pick, choose, set, working}) {
  const shown = pick ?? home;
  const name = usePlaceName(shown);
  return html`
    <section class="panel" data-covers aria-label="Playdate point">
      <${Search} onChoose=${(town) => choose(pointOf(town), 12)} />
      <div class="panel-point">
        <p class="eyebrow">${questionOf({pick, home, point})}</p>
        ${shown || point.value !== undefined
          ? html`<p class="panel-name" aria-live="polite">${shown ? name : 'Click the map, or search for a town.'}</p>`
          : point.error ? html`<${ReadError} error=${point.error} retry=${() => reload('point')} />` : html`<p class="panel-name" role="status">Reading your point…</p>`}
        <p class="panel-coordinates mono">${shown ? coordinates(shown) : ' '}</p>
      </div>
      <${OwnLocation} choose=${choose} />
      <details class="panel-exact">
        <summary>Enter coordinates</summary>
        <${Exact} shown=${shown} choose=${choose} />
      </details>
      <div class="panel-actions">
        ${working && !pick
          ? html`<button type="button" class="button" disabled data-working="true" style=${`--walked: ${working.progress?.percent ?? 4}%`}><span>${working.progress?.message ?? 'Planning'}…</span></button>`
          : html`<${BusyButton} onPress=${set} disabled=${!pick}>${home && !pick ? 'Point saved' : 'Meet here'}<//>`}
        ${pick && html`<button type="button" class="button quiet" onClick=${() => choose(null)}>Cancel</button>`}
      </div>
    </section>`;
}

/** Return the question above the name of the point; a point that could not be read is not a missing one. */
export function questionOf({pick, home, point}) {
  if (pick) return home ? 'Meet here instead?' : 'Meet here?';
  if (home) return 'You meet';
  if (point.value === undefined) return point.error ? 'Your point could not be read' : 'Your point';
  return 'Where do you like to meet?';
}

/** Choose the position of the device; the browser asks for permission. */
function OwnLocation({choose}) {
  if (!navigator.geolocation) return null;
  const locate = () => new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({coords}) => {
        choose({latitude: coords.latitude, longitude: coords.longitude}, 12);
        resolve(undefined);
      },
      ({code}) => {
        toast(code === 1 ? 'This browser may not share your location. Allow it for this page, or click the map.' : 'Your location could not be found. Click the map instead.', {tone: 'bad'});
        resolve(undefined);
      },
      {timeout: 10_000, maximumAge: 60_000},
    );
  });
  return html`<${BusyButton} className="link" onPress=${locate}>Use my location<//>`;
}

function Exact({shown, choose}) {
  const take = (event) => {
    event.preventDefault();
    const {latitude, longitude} = Object.fromEntries(new FormData(event.target));
    choose({latitude: Number(latitude), longitude: Number(longitude)}, 11.2);
  };
  return html`
    <form class="exact" onSubmit=${take} key=${shown ? `${shown.latitude},${shown.longitude}` : 'none'}>
      <label>Latitude<input name="latitude" type="number" step="any" min="-90" max="90" required value=${shown?.latitude.toFixed(5)} /></label>
      <label>Longitude<input name="longitude" type="number" step="any" min="-180" max="180" required value=${shown?.longitude.toFixed(5)} /></label>
      <button class="button quiet">Show</button>
    </form>`;
}

/** Save the meeting point, and show the result when it arrives. */
async function meetAt({latitude, longitude}) {
  const {taskId} = await call('POST', '/api/playdate-point/coordinates', {playdate_latit: latitude, playdate_longi: longitude});
  client.task(taskId).result().then(
    (/** @type {any} */ result) => toast(result.message),
    (error) => toastError(error),
  );
  await client.task(taskId).refresh();
}

/** Return the running update of the point, if there is one. */
function useWorking() {
  const tasks = useClientTasks();
  return tasks.find(({type, status}) => type === TYPE && !OVER.has(status));
}

/** Return the friends that have a point, each once. */
function friendsOf(items) {
  const byId = new Map();
  for (const {friendId: id, friendName: name, friendLatitude: latitude, friendLongitude: longitude} of items) {
    if (latitude !== null && latitude !== undefined) byId.set(id, {id, name, latitude, longitude});
  }
  return [...byId.values()];
}

function pointOf({latitude, longitude}) {
  return {latitude, longitude};
}

/** Return a name for a point: `in Lyon`, `4 km north of Lyon`. */
function usePlaceName(point) {
  const [name, setName] = useState('');
  useEffect(() => {
    let current = true;
    if (point) towns().then((all) => current && setName(nameOf(all, point)), () => current && setName('At this point'));
    return () => {
      current = false;
    };
  }, [point?.latitude, point?.longitude]);
  return name;
}

function nameOf(all, point) {
  const near = townNear(all, point);
  if (!near) return 'Far from any town';
  const reach = Math.max(2, Math.min(8, Math.sqrt(near.town.people / 50_000)));
  if (near.km < reach) return `in ${near.town.name}`;
  return `${kilometres(near.km)} ${bearing(near.town, point)} of ${near.town.name}`;
}

