import {client} from '../session.js';
import {useEffect, useState} from '../../shared/vendor/preact.js';

/** Return a value of the client, updated whenever it may have changed. */
function useClient(subscribe, read, deps) {
  const [value, setValue] = useState(read);
  useEffect(() => {
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
