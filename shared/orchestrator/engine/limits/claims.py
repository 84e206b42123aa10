"""Claims under keyed limits, and the grants that wake the tasks that wait, in the order of their submits.

The row of a limit is the lock of all claims under its key, so an attempt starts only when there is room. An attempt
uses its room while its token is the task's: the room of a killed worker returns with the lease. A task without room
waits in `agent_limit_waits` and has no message in the queue. As soon as room is certain, the oldest is granted a start
and gets a message that arrives then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from orchestrator.aws.queues import LONGEST_DELAY, TaskMessage, TaskQueue
from orchestrator.engine.agents import Agent
from orchestrator.engine.limits.starts import free_starts, may_start
from orchestrator.model.errors import OrchestratorError
from orchestrator.model.task import Task
from orchestrator.store import attempts, limits, tasks
from orchestrator.store.attempts import Attempt, UnclaimedTask
from orchestrator.store.connection import Connection, Database
from orchestrator.store.limits import KeyedLimit
from orchestrator.store.owners import ANY_OWNER

#: The limit of an owner's attempts of a type that declares none.
NO_LIMIT = 1_000_000
#: Keys that one round of the sweeper checks.
MOST_KEYS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAs:
    """How a worker claims: its name, the seconds of the lease, and the types whose flag is off.

    `alone`: whether the attempt runs without others in its process.
    """

    worker: str
    lease: float
    paused_types: Collection[str]
    alone: bool = True


@dataclass(frozen=True, slots=True)
class LimitedClaim:
    """The attempt (none: no room), its keys, and the messages to send after the commit."""

    attempts: list[Attempt]
    keys: list[str]
    messages: list[TaskMessage]


def claim_limited(db: Database, sight: UnclaimedTask, agent: Agent | None, how: ClaimAs) -> LimitedClaim:
    """Claim one task of a type with limits, or let it wait. `agent` is None when this code has none of the type."""
    claim = partial(_claim_for_owner, sight=sight, limit=agent.limit_per_owner if agent else None, how=how)
    if agent is None or not agent.limits:
        return LimitedClaim(db.run(claim), [], [])
    task = db.run(tasks.get_task, ANY_OWNER, sight.id)
    if task is None:
        return LimitedClaim([], [], [])
    return db.run(_claim_under, _limits_of(agent, task), sight, claim)


def _claim_for_owner(conn: Connection, *, sight: UnclaimedTask, limit: int | None, how: ClaimAs) -> list[Attempt]:
    # A limit that the code no longer has: the row still waits under it, so any number may run.
    return attempts.claim_limited(
        conn,
        sight,
        worker=how.worker,
        lease=how.lease,
        paused_types=how.paused_types,
        limit=limit or NO_LIMIT,
        alone=how.alone,
    )


def _claim_under(
    conn: Connection, under: Sequence[KeyedLimit], sight: UnclaimedTask, claim: partial[list[Attempt]]
) -> LimitedClaim:
    keys = [limit.key for limit in under]
    with conn.transaction():
        limits.lock_limits(conn, under)
        limits.end_uses(conn, keys)
        rooms = limits.read_rooms(conn, keys, sight.id)
        full = next((room.key for room in rooms if not may_start(room)), None)
        if full is not None and not sight.overdue:
            limits.wait_for_room(conn, sight.id, full)
            return LimitedClaim([], [], _grant(conn, full))
        claimed = claim(conn)
        for attempt in claimed:
            limits.use_limits(conn, attempt.id, attempt.token, keys)
        return LimitedClaim(claimed, keys, [])


def _limits_of(agent: Agent, task: Task) -> list[KeyedLimit]:
    """Return the limits of a task; none for a payload that its handler will not get either."""
    try:
        payload = agent.parse(task.payload, task.payload_version)
    except (OrchestratorError, LookupError):
        return []
    return [limit.of(payload) for limit in agent.limits]


def wake(db: Database, queue: TaskQueue, keys: Collection[str]) -> int:
    """Grant the free starts of limits to the tasks that wait for them, and send their messages; return how many."""
    messages = [message for key in sorted(keys) for message in db.run(_wake, key)]
    if messages:
        queue.send(messages)
    return len(messages)


def _wake(conn: Connection, key: str) -> list[TaskMessage]:
    with conn.transaction():
        if not limits.lock_limit(conn, key):
            return []
        limits.end_uses(conn, [key])
        return _grant(conn, key)


def _grant(conn: Connection, key: str) -> list[TaskMessage]:
    """Return the messages of the tasks that may start; the limit is locked and its attempts are up to date."""
    found: list[TaskMessage] = []
    while True:
        (room,) = limits.read_rooms(conn, [key], None)
        delays = free_starts(room, LONGEST_DELAY)
        granted = limits.grant_starts(conn, key, delays) if delays and room.others_wait else []
        found += [TaskMessage.of(each, delay=each.delay) for each in granted if not each.gone]
        if not any(each.gone for each in granted):
            return found


def wake_all(db: Database, queue: TaskQueue) -> int:
    """Grant the free starts of every limit that tasks wait for; return the number of messages."""
    return wake(db, queue, db.run(limits.waiting_keys, MOST_KEYS))


def close(db: Database, attempt: Attempt, agent: Agent, name: str, seconds: float) -> None:
    """Close a limit of the attempt for all workers. Raise ValueError when its agent declares none of that name."""
    limit = next((each for each in agent.limits if each.name == name), None)
    if limit is None:
        raise ValueError(f"RetryAfter(limit={name!r}): {agent.type} declares no limit of that name")
    payload = agent.parse(attempt.payload, attempt.payload_version)
    db.run(limits.close_limit, limit.of(payload).key, attempt.token, seconds)
