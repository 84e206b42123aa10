"""Why is a task not running? One answer that names the blocker."""

from __future__ import annotations

from math import ceil
from typing import assert_never
from uuid import UUID

from orchestrator.engine.agents import Agents, UnknownType
from orchestrator.engine.flags import FlagReader, flag_of_type
from orchestrator.engine.limits.waiting import limit_wait
from orchestrator.engine.sweep import UNPARK_RATE
from orchestrator.model.errors import NotFound
from orchestrator.model.states import Status
from orchestrator.model.task import Json, Lane, iso
from orchestrator.store import explain as store
from orchestrator.store.connection import Database
from orchestrator.store.explain import Blockers

#: Seconds a due task may wait for its turn.
SLOW = 30
#: Parked tasks before this one that are counted.
MOST_AHEAD = 10_000


def explain(db: Database, agents: Agents, flags: FlagReader, task_id: UUID) -> dict[str, Json]:
    """{reason, message, …}: the reason is one word for programs, the message says it to people. Raise NotFound."""
    row = db.run(store.explain, task_id, MOST_AHEAD)
    if row is None:
        raise NotFound("There is no such task.")
    match row.status:
        case Status.COMPLETED | Status.FAILED | Status.CANCELLED:
            return _why("finished", f"It is over: {row.status.value}.", since=iso(row.finished_at))
        case Status.DEAD_LETTER:
            return _dead(row)
        case Status.PROCESSING:
            return _leased(row)
        case Status.PENDING:
            return _pending(db, row, agents, flags)
        case _:
            assert_never(row.status)


def _dead(row: Blockers) -> dict[str, Json]:
    since = iso(row.dead_at)
    if row.wake_at is None:
        return _why(
            "dead-letter",
            "Its attempts are used up and its message is in the dead-letter queue; redrive it.",
            since=since,
        )
    return _why(
        "dead-letter",
        "Its attempts are used up; its message is on the way to the dead-letter queue.",
        since=since,
    )


def _leased(row: Blockers) -> dict[str, Json]:
    until, worker = iso(row.leased_until), row.leased_by
    if row.lease_ended:
        return _why(
            "lease-ended",
            f"{worker} has not finished it; it is taken back at the next sweep.",
            until=until,
            worker=worker,
        )
    if not row.started:
        text = f"{worker} has claimed it; its handler starts after those before it in the same batch."
        return _why("claimed", text, until=until, worker=worker)
    text = f"{worker} is running it; its lease ends at {until} unless it is renewed."
    return _why("leased", text, until=until, worker=worker)


def _pending(db: Database, row: Blockers, agents: Agents, flags: FlagReader) -> dict[str, Json]:
    flag = row.parked_by or flag_of_type(row.type)
    if not flags.enabled(flag, row.owner_id):
        return _why("parked", f"The flag {flag} is off; it runs when the flag is on.", flag=flag)
    if row.parked_by:
        return _unparking(row, flag)
    if row.waiting_for is not None:
        return _waiting(row)
    if not row.due:
        return _later(row)
    keyed = _keyed(db, row) if row.limited else None
    return _limited(row, agents) or keyed or _queued(row, agents.lane_of(row.type))


def _later(row: Blockers) -> dict[str, Json]:
    if row.awaits is not None:
        return _awaiting(row, *row.awaits.split(":", 1))
    due = iso(row.due_at)
    if row.attempts:
        return _why("backoff", f"Attempt {row.attempts} failed; it is tried again at {due}.", retryAt=due)
    moves = " A later submit of its unique key can change that." if row.unique_key else ""
    return _why("scheduled", f"It is due at {due}.{moves}", dueAt=due, uniqueKey=row.unique_key)


def _unparking(row: Blockers, flag: str) -> dict[str, Json]:
    ahead = row.parked_ahead or 0
    many = f"{MOST_AHEAD:,} or more" if ahead >= MOST_AHEAD else f"about {ahead:,}"
    text = f"The flag {flag} is on again; its paused tasks start at {UNPARK_RATE} a minute, {many} before this one."
    return _why("unparking", text, flag=flag, ahead=ahead, perMinute=UNPARK_RATE)


def _waiting(row: Blockers) -> dict[str, Json]:
    deadline = iso(row.due_at)
    until = f", at the latest until {deadline}" if deadline else ""
    return _why(
        "waiting-for-children",
        f"It waits for {row.waiting_for} children of {row.awaits!r}; {row.children_done} are done{until}.",
        join=row.awaits,
        needed=row.waiting_for,
        done=row.children_done,
        deadline=deadline,
    )


def _awaiting(row: Blockers, kind: str, name: str) -> dict[str, Json]:
    until = iso(row.due_at)
    if kind == "sleep":
        return _why("sleeping", f"It sleeps ({name!r}) until {until}.", name=name, until=until)
    if kind == "budget":
        text = f"It waits for room in a budget ({name}) until {until}, or until an operator raises its limit."
        return _why("over-budget", text, budget=name, until=until)
    asked = [f"owner {owner}" for owner in row.asked or ()] + (["an operator"] if row.asks_operators else [])
    text = f"It waits for an answer to {name!r} from {' or '.join(asked) or 'nobody'}, at the latest until {until}."
    return _why("waiting-for-answer", text, name=name, asked=row.asked, operators=row.asks_operators, until=until)


def _limited(row: Blockers, agents: Agents) -> dict[str, Json] | None:
    try:
        limit = agents.get(row.type).limit_per_owner
    except UnknownType:
        return _why("unknown-type", "No agent of this type is deployed; it is tried again every minute.")
    if limit is None or not row.limited or (row.running or 0) < limit:
        return None
    return _why(
        "over-limit",
        f"Its owner already runs {row.running} of this type; {limit} may run at once.",
        limit=limit,
        running=row.running,
    )


def _keyed(db: Database, row: Blockers) -> dict[str, Json] | None:
    wait = db.run(limit_wait, row.id)
    if wait is None:
        return None
    state = (
        f"is closed for {ceil(wait.closed_for)} s, because its service refused a call"
        if wait.closed_for
        else "is reached"
    )
    when = f", and it starts in about {ceil(wait.starts_in)} s" if wait.starts_in is not None else ""
    many = "1 task is" if wait.ahead == 1 else f"{wait.ahead:,} tasks are"
    text = f"The limit {wait.key} {state}: {many} before it{when}."
    about = None if wait.starts_in is None else ceil(wait.starts_in)
    return _why("limit-reached", text, limit=wait.key, ahead=wait.ahead, startsInSeconds=about)


def _queued(row: Blockers, lane: Lane) -> dict[str, Json]:
    resend = iso(row.wake_at)
    if row.wake_late:
        text = f"It has been due for {row.due_for} s, and the sweeper, which sends another wake-up, is late."
        return _why("sweeper-late", text, resendAt=resend)
    if row.resends:
        text = f"It is due and its wake-up was sent again {row.resends} times; the next is sent at {resend}."
        return _why("wake-up-lost", text, resendAt=resend, resends=row.resends)
    if (row.due_for or 0) > SLOW:
        behind = "they are behind, or take nothing."
        text = f"It has been due for {row.due_for} s and no worker of the lane {lane} has taken it: {behind}"
        return _why("queued", text, resendAt=resend, alone=row.suspect, lane=lane)
    text = f"It is due and in the queue of the lane {lane}; should its wake-up be lost, another is sent at {resend}."
    return _why("queued", text, resendAt=resend, alone=row.suspect, lane=lane)


def _why(reason: str, message: str, **facts: Json) -> dict[str, Json]:
    return {
        "reason": reason,
        "message": message,
        **{name: fact for name, fact in facts.items() if fact is not None},
    }
