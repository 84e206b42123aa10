import {StrictMode, useState} from 'react';
import {createRoot} from 'react-dom/client';
import {createClient} from '../index.js';
import {TaskClientProvider, useConnection, useTask, useTaskClient, useTasks} from '../react.js';

const timing = {ping: 300, pong: 200, backoff: 10, backoffMax: 100, patience: 200, pollBusy: 30, pollIdle: 30, grace: 30};
const client = createClient({apiUrl: '', timing});

function App() {
  const connection = useConnection();
  const tasks = useTasks();
  const [handle, setHandle] = useState(null);
  return (
    <>
      <p id="connection">{connection}</p>
      <p id="count">{tasks.length}</p>
      <Submit onSubmit={setHandle} />
      <Watched handle={handle} />
    </>
  );
}

function Submit({onSubmit}) {
  const submitter = useTaskClient();
  return <button onClick={async () => onSubmit(await submitter.submit('echo', {hello: 'react'}))}>Submit</button>;
}

function Watched({handle}) {
  const {task, status, result, error, over} = useTask(handle);
  return (
    <dl>
      <dd id="status">{status ?? 'none'}</dd>
      <dd id="progress">{task?.progress?.message}</dd>
      <dd id="result">{JSON.stringify(result)}</dd>
      <dd id="error">{error?.message}</dd>
      <dd id="over">{String(over)}</dd>
    </dl>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <TaskClientProvider client={client}><App /></TaskClientProvider>
  </StrictMode>,
);
