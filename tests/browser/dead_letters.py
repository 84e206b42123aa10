"""Insert dead letters: tasks whose attempts are used up, with their events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import psycopg

from orchestrator.model.ids import new_task_id


@dataclass(frozen=True, slots=True)
class Failure:
    """A number of tasks of one type that failed alike under one version of the code."""

    type: str
    payload: dict[str, Any]
    tasks: int
    version: str
    error: dict[str, Any]
    #: Their owners, in turn; no user of a test, so that tests do not share data.
    owners: tuple[str, ...] = ("900001", "900002", "900003")
    attempts: int = 2


#: The first group succeeds when it is redriven: the failure was temporary.
REPAIRED = Failure(
    "echo",
    {"hello": "again"},
    12,
    "1.4.0",
    {
        "kind": "error",
        "message": "Something went wrong on our side.",
        "detail": "TimeoutError: the weather service did not answer within 3 s",
        "fingerprint": "echo-timeout-3f9a1c",
    },
)
#: Their owner is no guardian's id, so a redrive fails again at the first attempt.
BROKEN = Failure(
    "location.playdate.update",
    {"latitude": 48.85, "longitude": 2.35},
    3,
    "1.4.1",
    {
        "kind": "error",
        "message": "Something went wrong on our side.",
        "detail": "Forbidden: This account is no guardian here.",
        "fingerprint": "point-owner-77b0de",
    },
    owners=("imported-17",),
    attempts=1,
)
#: A group to discard.
HOPELESS = Failure(
    "friend.recommendations",
    {"friendId": 999999},
    2,
    "1.3.9",
    {
        "kind": "error",
        "message": "Something went wrong on our side.",
        "detail": "KeyError: 'favourite'",
        "fingerprint": "recommend-key-0c11aa",
    },
)
#: More than a page of tasks without a fingerprint.
FLOOD = Failure(
    "echo", {"hello": "flood"}, 130, "", {"kind": "error", "message": "It was kept without a fingerprint."}, attempts=1
)


def insert(database_url: str, *failures: Failure) -> None:
    """Insert them as a worker leaves them: with attempts, events and the final failure."""
    with psycopg.connect(database_url) as connection:
        for failure in failures:
            for index in range(failure.tasks):
                _insert_one(connection, failure, failure.owners[index % len(failure.owners)], index)


def _insert_one(connection: psycopg.Connection[Any], failure: Failure, owner: str, index: int) -> None:
    task, age = new_task_id(), f"{2_400 - 1_800 * index // failure.tasks} seconds"
    events = _events_of(failure)
    connection.execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, status, error, attempts, max_attempts, seq, due_at,"
        " created_at, updated_at, finished_at, dead_at, traceparent)"
        " SELECT %(id)s, %(owner)s, %(type)s, %(payload)s, 'dead-letter', %(error)s, %(attempts)s, %(attempts)s,"
        " %(seq)s, at, at, at + '9 s', at + '9 s', at + '9 s', %(trace)s"
        " FROM (SELECT now() - %(age)s::interval AS at) moment",
        {
            "id": task,
            "owner": owner,
            "type": failure.type,
            "payload": json.dumps(failure.payload),
            "error": json.dumps(failure.error),
            "attempts": failure.attempts,
            "seq": len(events),
            "trace": f"00-{task.hex}-{task.hex[16:]}-01",
            "age": age,
        },
    )
    for seq, (kind, status, attempts, after, data) in enumerate(events, start=1):
        connection.execute(
            "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, now() - %s::interval + make_interval(secs => %s))",
            [task, seq, attempts, kind, status, owner, json.dumps(data) if data else None, age, after],
        )


def _events_of(failure: Failure) -> list[tuple[str, str, int, float, dict[str, Any] | None]]:
    """Return its events: kind, status, attempts, seconds after the submit, data."""
    started = {"worker": "worker-of-the-test", "version": failure.version}
    events: list[tuple[str, str, int, float, dict[str, Any] | None]] = [("submitted", "pending", 0, 0.0, None)]
    for attempt in range(1, failure.attempts + 1):
        age = 0.2 + 5.5 * (attempt - 1)
        events.append(("started", "processing", attempt, age, started))
        if attempt < failure.attempts:
            events.append(("retrying", "pending", attempt, age + 3, {"error": failure.error, "retryInMs": 2_500}))
        else:
            events.append(("dead-letter", "dead-letter", attempt, age + 3, {"error": failure.error}))
    return events
