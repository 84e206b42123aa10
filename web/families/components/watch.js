import {client} from '../session.js';
import {useEffect, useState} from '../../shared/vendor/preact.js';

/** A value of the client, read again whenever it may have changed. */
function useClient(subscribe, read, deps) {
  const [value, setValue] = useState(read);
  useEffect(() => {
    const look = () => setValue(() => read());
    look();
    return subscribe(look);
  }, deps);
  return value;
}

export function useClientTask(id) {
  return useClient((look) => client.onChange(look), () => client.task(id).snapshot, [id]);
}

export function useClientTasks() {
  return useClient((look) => client.onChange(look), () => client.tasks(), []);
}

export function useConnection() {
  return useClient((look) => client.onConnection(look), () => client.connection, []);
}
