import {client} from '../session.js';
import {useLayoutEffect, useState} from '../../shared/vendor/preact.js';

/** Return a value of the client, updated whenever it may have changed. */
function useClient(subscribe, read, deps) {
  const [value, setValue] = useState(read);
  useLayoutEffect(() => {
    const update = () => setValue(() => read());
    update();
    return subscribe(update);
  }, deps);
  return value;
}

export function useClientTask(id) {
  return useClient((update) => client.onChange(update), () => client.task(id).snapshot, [id]);
}

export function useClientTasks() {
  return useClient((update) => client.onChange(update), () => client.tasks(), []);
}

export function useConnection() {
  return useClient((update) => client.onConnection(update), () => client.connection, []);
}

/** Return whether the browser says that it is online; a report of "offline" is checked by the client. */
export function useOnline() {
  const [online, setOnline] = useState(() => navigator.onLine);
  useLayoutEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return online;
}
