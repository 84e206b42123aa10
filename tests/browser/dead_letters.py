"""Dead letters to look at: tasks whose attempts are used up, with the story that led there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import psycopg

from orchestrator.model.ids import new_task_id


@dataclass(frozen=True, slots=True)
class Failure:
    """So many tasks of one type that failed alike under one version of the code."""

    type: str
    payload: dict[str, Any]
    tasks: int
    version: str
    error: dict[str, Any]
    #: Whose they are, in turn.
    owners: tuple[str, ...] = ("1", "2", "3")


#: The first group ends well when it is redriven: the fault was in its time, not in the task.
MENDED = Failure(
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
#: Nobody owns these, so redriving them fails again.
BROKEN = Failure(
    "location.playdate.update",
    {"latitude": 48.85, "longitude": 2.35},
    3,
    "1.4.1",
    {
        "kind": "error",
        "message": "Something went wrong on our side.",
        "detail": "ForeignKeyViolation: the guardian of this point is not there",
        "fingerprint": "point-orphan-77b0de",
    },
    owners=("999999",),
)
#: For a discard.
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


def bury(database_url: str, *failures: Failure) -> None:
    """Puts them into the database as a worker leaves them: attempts begun and lost, the last for good."""
    with psycopg.connect(database_url) as connection:
        for failure in failures:
            for place in range(failure.tasks):
                _bury_one(connection, failure, failure.owners[place % len(failure.owners)], place)


def _bury_one(connection: psycopg.Connection[Any], failure: Failure, owner: str, place: int) -> None:
    task, trace = new_task_id(), f"00-{place + 1:032x}-{place + 1:016x}-01"
    ago = f"{40 - 2 * place} minutes"
    connection.execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, status, error, attempts, max_attempts, seq, due_at,"
        " created_at, updated_at, finished_at, dead_at, wake_at, traceparent)"
        " SELECT %(id)s, %(owner)s, %(type)s, %(payload)s, 'dead-letter', %(error)s, 2, 2, 5, at, at, at + '9 s', at + '9 s',"
        " at + '9 s', NULL, %(trace)s FROM (SELECT now() - %(ago)s::interval AS at) moment",
        {
            "id": task,
            "owner": owner,
            "type": failure.type,
            "payload": json.dumps(failure.payload),
            "error": json.dumps(failure.error),
            "trace": trace,
            "ago": ago,
        },
    )
    started = {"worker": "worker-of-the-test", "version": failure.version}
    story: list[tuple[str, str, int, float, dict[str, Any] | None]] = [
        ("submitted", "pending", 0, 0.0, None),
        ("started", "processing", 1, 0.2, started),
        ("retrying", "pending", 1, 3.2, {"error": failure.error, "retryInMs": 2_500}),
        ("started", "processing", 2, 5.8, started),
        ("dead-letter", "dead-letter", 2, 9.0, {"error": failure.error}),
    ]
    for seq, (kind, status, attempts, after, data) in enumerate(story, start=1):
        connection.execute(
            "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, now() - %s::interval + make_interval(secs => %s))",
            [task, seq, attempts, kind, status, owner, json.dumps(data) if data else None, ago, after],
        )
