/** The layout of a run: its rows, and the axis on which their bars lie. Pure, so that it is tested without a page. */

/** Siblings of one type beyond this number fold into one row. */
export const MOST_SIBLINGS = 20;
/** A run whose rows are few is open when it is first shown. */
const FEW = 30;
/** A time in which nothing runs is cut where it is longer than this (ms) and than this part of the rest. */
const [LONG_GAP, GAP_PART] = [10_000, 0.25];
/** The width of a cut, as a part of the axis. */
const CUT = 0.04;

/**
 * @typedef {{kind: string, name: string | null, attempt: number | null, start: string, end: string | null, outcome: string | null, unexplainedMs: number | null, worker?: string | null}} Span
 * @typedef {{id: string, parentId: string | null, type: string, status: string, attempts: number, owner?: string, createdAt: string, finishedAt: string | null, spans: Span[]}} Node
 * @typedef {{key: string, parent: string, level: number, kind: string, name: string, status: string, start: number, end: number, isRunning: boolean, isFailed: boolean, canOpen: boolean, isOpen: boolean, position: number, siblings: number, node?: Node, span?: Span, nodes?: Node[]}} Row
 */

const FAILED = new Set(['failed', 'dead-letter']);
const BAD_END = new Set(['retrying', 'lease-lost', 'failed', 'dead-letter']);

/** Return the begin and the end of a node; one that is not over ends now. */
function boundsOf(node, now) {
  const starts = node.spans.length ? Date.parse(node.spans[0].start) : Date.parse(node.createdAt);
  return {start: starts, end: node.finishedAt ? Math.max(starts, Date.parse(node.finishedAt)) : Math.max(starts, now)};
}

/** Return the keys that are open at first: the way to the asked task, its attempts, and everything of a small run. */
export function openAtFirst({nodes, taskId}) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const open = new Set();
  for (let node = byId.get(taskId); node; node = byId.get(node.parentId)) open.add(node.id);
  const isSmall = nodes.reduce((sum, {spans}) => sum + spans.length, nodes.length) <= FEW;
  for (const node of nodes) {
    if (isSmall) open.add(node.id);
    node.spans.forEach((span, index) => span.kind === 'attempt' && open.add(`${node.id}/${index}`));
  }
  return open;
}

/**
 * Return the visible rows of a run, each parent before its children.
 * @param {{nodes: Node[]}} run
 * @param {Set<string>} open
 * @param {number} now
 * @returns {Row[]}
 */
export function rowsOf({nodes}, open, now) {
  const ids = new Set(nodes.map(({id}) => id));
  /** @type {Map<string, Node[]>} */
  const children = new Map();
  const roots = [];
  for (const node of nodes) {
    if (node.parentId === null || !ids.has(node.parentId)) roots.push(node);
    else children.set(node.parentId, [...(children.get(node.parentId) ?? []), node]);
  }
  /** @type {Row[]} */
  const rows = [];
  const addAll = (parts, parent, level) => parts.forEach((part, index) => add({...part, parent, level, position: index + 1, siblings: parts.length}));
  const add = (row) => {
    const inner = row.inner ?? [];
    const isOpen = inner.length > 0 && open.has(row.key);
    const {inner: _, ...rest} = row;
    rows.push({...rest, canOpen: inner.length > 0, isOpen});
    if (isOpen) addAll(inner, row.key, row.level + 1);
  };
  const taskRow = (node) => ({
    key: node.id, kind: 'task', name: node.type, status: node.status, ...boundsOf(node, now), node,
    isRunning: !node.finishedAt, isFailed: FAILED.has(node.status), inner: [...spanRows(node, now), ...folded(children.get(node.id) ?? [], node.id, taskRow, now)],
  });
  addAll(roots.map(taskRow), '', 1);
  return rows;
}

/** Return the rows of a task's own spans: the steps lie inside their attempt. */
function spanRows(node, now) {
  const rows = node.spans.map((span, index) => ({
    key: `${node.id}/${index}`, kind: span.kind, name: spanName(span), status: span.outcome ?? (span.end ? '' : 'running'), span, node,
    start: Date.parse(span.start), end: span.end ? Date.parse(span.end) : Math.max(now, Date.parse(span.start)), isRunning: !span.end, isFailed: BAD_END.has(span.outcome), inner: [],
  }));
  const outer = [];
  for (const row of rows) {
    const attempt = row.kind === 'step' && outer.findLast(({kind, span}) => kind === 'attempt' && span.attempt === row.span.attempt);
    if (attempt) attempt.inner.push(row);
    else outer.push(row);
  }
  return outer;
}

const NAMES = {queued: 'Queued', children: 'Waits for children', sleep: 'Sleeps', ask: 'Waits for an answer', 'retry-wait': 'Waits for the next attempt', parked: 'Parked by a flag'};

function spanName({kind, name, attempt}) {
  if (kind === 'attempt') return `Attempt ${attempt}`;
  if (kind === 'step') return name ?? 'Step, erased on request of its owner';
  return name ? `${NAMES[kind]}: ${name}` : NAMES[kind];
}

/** Return the rows of children: many of one type fold into one row. */
function folded(nodes, parent, taskRow, now) {
  const types = new Map();
  for (const node of nodes) types.set(node.type, [...(types.get(node.type) ?? []), node]);
  return [...types].flatMap(([type, same]) => {
    if (same.length <= MOST_SIBLINGS) return same.map(taskRow);
    const bounds = same.map((node) => boundsOf(node, now));
    const failed = same.filter(({status}) => FAILED.has(status)).length;
    const done = same.filter(({status}) => status === 'completed').length;
    return [{
      key: `${parent}*${type}`, kind: 'fold', name: `${type} × ${same.length}`, nodes: same,
      status: [`${done} completed`, failed && `${failed} failed`, same.length - done - failed && `${same.length - done - failed} others`].filter(Boolean).join(', '),
      start: Math.min(...bounds.map(({start}) => start)), end: Math.max(...bounds.map(({end}) => end)),
      isRunning: same.some(({finishedAt}) => !finishedAt), isFailed: failed > 0, inner: same.map(taskRow),
    }];
  });
}

/**
 * Return the axis of a run: `at(moment)` is its part from 0 to 1, `cuts` are the long times in which nothing ran.
 * @param {{nodes: Node[]}} run
 * @param {number} now
 */
export function axisOf({nodes}, now) {
  const bounds = nodes.map((node) => boundsOf(node, now));
  const start = Math.min(...bounds.map((each) => each.start));
  const isRunning = nodes.some(({finishedAt}) => !finishedAt);
  const last = Math.max(...bounds.map(({end}) => end));
  const end = isRunning ? start + roundedUp(last - start) : Math.max(last, start + 1);
  const cuts = gapsOf(nodes, start, last, now);
  const lost = cuts.reduce((sum, cut) => sum + cut.end - cut.start, 0);
  const part = (1 - cuts.length * CUT) / Math.max(1, end - start - lost);
  const at = (moment) => {
    let place = (Math.min(Math.max(moment, start), end) - start) * part;
    for (const cut of cuts) {
      const inside = Math.min(Math.max(moment - cut.start, 0), cut.end - cut.start);
      place += inside * (CUT / (cut.end - cut.start) - part);
    }
    return Math.min(1, Math.max(0, place));
  };
  return {start, end, length: last - start, cuts: cuts.map((cut) => ({ms: cut.end - cut.start, from: at(cut.start), to: at(cut.end)})), at};
}

/** Return a length in which a running run has room: it grows in steps of a quarter, so that its bars move seldom. */
function roundedUp(length) {
  return 1.25 ** Math.ceil(Math.log(Math.max(1, length * 1.02)) / Math.log(1.25));
}

/** Return the times in which no attempt of any task runs and none is queued. */
function gapsOf(nodes, start, last, now) {
  const busy = nodes.flatMap(({spans}) => spans.filter(({kind}) => kind === 'attempt' || kind === 'queued').map((span) => [Date.parse(span.start), span.end ? Date.parse(span.end) : now]))
    .sort(([one], [other]) => one - other);
  const gaps = [];
  let until = start;
  for (const [from, to] of [...busy, [last, last]]) {
    if (from > until) gaps.push({start: until, end: from});
    until = Math.max(until, to);
  }
  const rest = last - start - gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
  return gaps.filter((gap) => gap.end - gap.start > LONG_GAP && gap.end - gap.start > rest * GAP_PART).slice(0, 10);
}

/** Return the row to focus next, for a key of a tree grid; undefined for a key without meaning here. */
export function moved(rows, index, key) {
  const row = rows[index];
  const ahead = rows.findIndex((each, at) => at > index && each.isFailed);
  const behind = rows.findLastIndex((each, at) => at < index && each.isFailed);
  const moves = {
    ArrowDown: Math.min(rows.length - 1, index + 1), ArrowUp: Math.max(0, index - 1), Home: 0, End: rows.length - 1,
    ArrowRight: row.isOpen ? index + 1 : index, ArrowLeft: row.isOpen ? index : Math.max(0, rows.findIndex(({key: parent}) => parent === row.parent)),
    ']': ahead < 0 ? index : ahead, '[': behind < 0 ? index : behind,
  };
  return moves[key];
}
