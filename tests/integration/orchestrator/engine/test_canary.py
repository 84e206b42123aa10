"""A staged redrive goes on while all is well, and stops by itself when the failure comes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine import canary
from orchestrator.engine.redrive import Selection, redrive
from orchestrator.model.errors import Conflict
from orchestrator.model.task import Status
from orchestrator.store import attempts, dead_letters
from orchestrator.store.db import connect
from tests.engine import Engine


def dead(engine: Engine, many: int, *, mends: bool) -> list[UUID]:
    """Dead letters that succeed the next time, or never."""
    tasks = [engine.submit(payload={"do": "raise", "times": 1 if mends else 0}, max_attempts=1) for _ in range(many)]
    for task in tasks:
        engine.run(task.id)
    if mends:
        engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "succeed"}\'')
    assert {engine.task(task.id).status for task in tasks} == {Status.DEAD_LETTER}
    engine.queue.sent.clear()
    return [task.id for task in tasks]


def begin(engine: Engine, **which: Any) -> dict[str, Any]:
    begun = canary.begin(engine.db, engine.queue, Selection(**which), "olga")
    assert begun is not None
    return begun


def run_sent(engine: Engine) -> list[UUID]:
    ids = engine.queue.ids
    engine.queue.sent.clear()
    for task_id in ids:
        engine.run(task_id)
    return ids


def test_one_then_a_tenth_then_the_rest(engine: Engine) -> None:
    ids = dead(engine, 25, mends=True)
    begun = begin(engine)
    assert (begun["state"], begun["released"], begun["total"]) == ("running", 1, 25)
    stages = []
    state = begun
    while state["state"] == "running":
        stages.append(len(run_sent(engine)))
        state = canary.advance(engine.db, engine.queue, UUID(begun["id"]))
    assert stages == [1, 2, 22]
    assert state["state"] == "done"
    assert {engine.task(task_id).status for task_id in ids} == {Status.COMPLETED}


def test_it_waits_for_what_was_let_go(engine: Engine) -> None:
    dead(engine, 25, mends=True)
    begun = begin(engine)
    again = canary.advance(engine.db, engine.queue, UUID(begun["id"]))
    assert again["released"] == 1
    assert len(engine.queue.sent) == 1


def test_it_stops_when_the_failure_comes_back(engine: Engine) -> None:
    ids = dead(engine, 25, mends=False)
    begun = begin(engine)
    (first,) = run_sent(engine)
    stopped = canary.advance(engine.db, engine.queue, UUID(begun["id"]))
    assert stopped["state"] == "stopped"
    assert engine.row(first)["error"]["fingerprint"] in stopped["reason"]
    assert {engine.task(task_id).status for task_id in ids} == {Status.DEAD_LETTER}
    actions = [(row["actor"], row["action"]) for row in engine.db.run(dead_letters.list_audit, limit=9)]
    assert actions == [("canary", "stop"), ("olga", "redrive")]


def test_it_stops_at_the_first_attempt_that_fails_again(engine: Engine) -> None:
    dead(engine, 5, mends=False)
    engine.db.connection().execute("UPDATE agent_tasks SET max_attempts = 5")
    begun = begin(engine)
    (first,) = run_sent(engine)
    assert engine.task(first).status is Status.PENDING
    assert canary.advance(engine.db, engine.queue, UUID(begun["id"]))["state"] == "stopped"


def test_an_operator_stops_it(engine: Engine) -> None:
    dead(engine, 5, mends=True)
    begun = begin(engine)
    assert canary.stop(engine.db, UUID(begun["id"]), "olga")["state"] == "stopped"
    run_sent(engine)
    assert canary.advance(engine.db, engine.queue, UUID(begun["id"]))["released"] == 1
    with pytest.raises(Conflict):
        canary.stop(engine.db, UUID(begun["id"]), "olga")


def test_nothing_to_redrive_begins_nothing(engine: Engine) -> None:
    assert canary.begin(engine.db, engine.queue, Selection(type="friend.ask"), "olga") is None


def test_a_rate_lets_them_fall_due_one_after_another(engine: Engine) -> None:
    engine.move_clock(0)
    ids = dead(engine, 4, mends=True)
    assert redrive(engine.db, engine.queue, Selection(), "olga", rate=0.002) == ids
    due = [(engine.row(task_id)["due_at"] - engine.now).total_seconds() for task_id in ids if engine.now]
    assert due == [0, 500, 1000, 1500]
    assert [(wake.task_id, wake.delay) for wake in engine.queue.sent] == [(ids[0], 0), (ids[1], 500)]
    wakes = [(engine.row(task_id)["wake_at"] - engine.now).total_seconds() for task_id in ids if engine.now]
    assert wakes == [120, 620, 1000, 1500], "the sweeper sends those that SQS cannot delay so long"


def test_groups_tell_failures_and_versions_apart(engine: Engine) -> None:
    engine.worker.version = "1.0"
    dead(engine, 2, mends=False)
    engine.worker.version = "1.1"
    task = engine.submit(owner="2", payload={"do": "raise"}, max_attempts=1)
    engine.run(task.id)
    groups = engine.db.run(dead_letters.groups)
    assert [(g["version"], g["tasks"], g["owners"], g["type"]) for g in groups] == [
        ("1.1", 1, 1, "test.effect"),
        ("1.0", 2, 1, "test.effect"),
    ]
    assert groups[0]["fingerprint"] == groups[1]["fingerprint"]
    assert groups[0]["example_id"] == task.id
    assert groups[1]["first_seen"] <= groups[1]["last_seen"]
    assert engine.db.run(dead_letters.groups, type="friend.ask") == []


@pytest.mark.parametrize(("alone", "state"), [(True, "stopped"), (False, "running")])
def test_a_worker_lost_alone_is_a_failure_come_back_and_in_company_is_none(
    engine: Engine, alone: bool, state: str
) -> None:
    """In company nobody knows yet whose fault it was; how the task failed before it was let go does not count."""
    ids = dead(engine, 12, mends=True)
    if alone:
        lost = '{"kind": "crashed", "message": "died", "fingerprint": "worker-lost"}'
        engine.db.connection().execute("UPDATE agent_tasks SET error = %s, max_attempts = 3", (lost,))
    begun = begin(engine)
    engine.db.run(attempts.claim, ids[:1], worker="dies", lease=10, alone=alone)
    engine.move_clock(11)
    assert len(engine.db.run(attempts.end_leases, ids[:1])) == 1
    assert canary.advance(engine.db, engine.queue, UUID(begun["id"]))["state"] == state


def test_what_failed_before_it_was_let_go_again_is_past(engine: Engine) -> None:
    ids = dead(engine, 12, mends=True)
    engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "raise"}\'')
    redrive(engine.db, engine.queue, Selection(), "olga")
    assert sorted(run_sent(engine)) == sorted(ids)
    engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "succeed"}\'')
    begun = begin(engine)
    run_sent(engine)
    assert canary.advance(engine.db, engine.queue, UUID(begun["id"]))["state"] == "running"


def test_one_that_dies_of_something_else_stops_it_too(engine: Engine) -> None:
    dead(engine, 12, mends=False)
    engine.db.connection().execute('UPDATE agent_tasks SET error = error || \'{"fingerprint": "another"}\'')
    begun = begin(engine)
    assert begun["fingerprints"] == ["another"]
    run_sent(engine)
    stopped = canary.advance(engine.db, engine.queue, UUID(begun["id"]))
    assert stopped["state"] == "stopped"
    assert "another" not in stopped["reason"]


def test_only_one_moves_it_on_at_a_time(engine: Engine) -> None:
    dead(engine, 12, mends=True)
    begun = begin(engine)
    run_sent(engine)
    other = connect(engine.url)
    engine.db.connection().execute("SET lock_timeout = '200ms'")
    with other.transaction():
        other.execute("SELECT FROM redrives FOR UPDATE")
        assert canary.advance(engine.db, engine.queue, UUID(begun["id"]))["released"] == 1
    other.close()
    assert engine.queue.sent == []
    assert canary.advance(engine.db, engine.queue, UUID(begun["id"]))["released"] == 2
