import {createStore, useStore} from '../shared/store.js';
import {session} from './session.js';

/** Changes that are typed but not saved; they survive a change of view. */
const drafts = createStore({});

/** Return a draft and how to set it; null removes it. */
export function useDraft(name) {
  const all = useStore(drafts);
  return [all[name] ?? null, (value) => drafts.set((now) => ({...now, [name]: value}))];
}

/** Whether anything is typed but not saved. */
export function hasDrafts() {
  return Object.values(drafts.get()).some((value) => value !== null);
}

session.subscribe(() => {
  if (!session.get().user) drafts.set({});
});
