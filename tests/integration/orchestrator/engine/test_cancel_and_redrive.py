"""Moves of users and operators, and the answer to "why is it not running?"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from uuid import UUID, uuid4

import pytest

from orchestrator.engine.cancel import cancel
from orchestrator.engine.operators.explain import explain
from orchestrator.engine.operators.redrive import Selection, discard, redrive
from orchestrator.model import outcome
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.states import Status
from orchestrator.store import attempts
from tests.support.engine import Engine


def why(engine: Engine, task_id: UUID) -> str:
    return str(explain(engine.db, engine.agents, engine.flags, task_id)["reason"])


def test_a_waiting_task_is_cancelled_at_once(engine: Engine) -> None:
    task = engine.submit()
    assert cancel(engine.db, engine.queue, engine.events, "1", task.id).status is Status.CANCELLED
    assert engine.run(task.id) == []
    assert engine.effects(task.id) == 0
    with pytest.raises(Conflict):
        cancel(engine.db, engine.queue, engine.events, "1", task.id)


def test_another_owners_task_is_not_there(engine: Engine) -> None:
    task = engine.submit(owner="2")
    with pytest.raises(NotFound):
        cancel(engine.db, engine.queue, engine.events, "1", task.id)
    assert engine.task(task.id).status is Status.PENDING


def test_a_running_task_that_is_cancelled_commits_nothing(engine: Engine) -> None:
    from orchestrator.model import fault_injection

    task, neighbour = engine.submit(), engine.submit()

    def cancel_inside(point: str) -> None:
        if point == "run.in_handler" and engine.task(task.id).status is Status.PROCESSING:
            canceller = engine.new_worker().db
            cancel(canceller, engine.queue, engine.events, "1", task.id)

    fault_injection.arm(cancel_inside)
    try:
        assert engine.run(task.id, neighbour.id) == []
    finally:
        fault_injection.arm(None)
    assert engine.task(task.id).status is Status.CANCELLED
    assert engine.effects(task.id) == 0
    assert engine.task(neighbour.id).status is Status.COMPLETED
    assert engine.effects(neighbour.id) == 1


def dead_letter(engine: Engine) -> UUID:
    task = engine.submit(payload={"do": "raise", "times": 1}, max_attempts=1)
    engine.run(task.id)
    assert engine.task(task.id).status is Status.DEAD_LETTER
    return task.id


def test_redrive_gives_attempts_anew_and_keeps_history(engine: Engine) -> None:
    task_id = dead_letter(engine)
    engine.queue.sent.clear()
    assert redrive(engine.db, engine.queue, engine.events, Selection(ids=[task_id]), "operator") == [task_id]
    assert engine.queue.ids == [task_id]
    row = engine.row(task_id)
    assert (row["status"], row["attempts"], row["dead_at"]) == ("pending", 0, None)
    assert engine.kinds(task_id) == ["submitted", "started", "dead-letter", "redriven"]
    audited = engine.db.connection().execute("SELECT actor, action, detail FROM operator_actions").fetchone()
    assert audited is not None
    assert (audited["actor"], audited["action"], audited["detail"]["tasks"]) == ("operator", "redrive", 1)


def test_two_redrives_at_once_redrive_once(engine: Engine) -> None:
    ids = [dead_letter(engine) for _ in range(20)]
    engine.queue.sent.clear()
    databases = [engine.database("operator") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        redriven = list(
            pool.map(
                lambda db: redrive(db, engine.queue, engine.events, Selection(type="test.effect"), "op"), databases
            )
        )
    assert sorted(chain.from_iterable(redriven)) == sorted(ids)
    assert len(engine.queue.sent) == 20


def test_discard_ends_a_dead_letter_with_a_reason(engine: Engine) -> None:
    task_id = dead_letter(engine)
    assert discard(engine.db, engine.events, Selection(), "operator", "a test") == [task_id]
    assert engine.row(task_id)["status"] == "cancelled"


def test_redrive_selects_by_fingerprint(engine: Engine) -> None:
    task_id = dead_letter(engine)
    mark = engine.row(task_id)["error"]["fingerprint"]
    assert redrive(engine.db, engine.queue, engine.events, Selection(fingerprint="other"), "op") == []
    assert redrive(engine.db, engine.queue, engine.events, Selection(fingerprint=mark), "op") == [task_id]


def test_every_blocker_has_its_name(engine: Engine) -> None:
    with pytest.raises(NotFound):
        why(engine, uuid4())
    queued = engine.submit()
    assert why(engine, queued.id) == "queued"
    (running,) = engine.db.run(attempts.claim, [queued.id], worker="w", lease=60, alone=True)
    assert why(engine, queued.id) == "claimed"
    engine.db.run(attempts.start, [running], {})
    assert why(engine, queued.id) == "leased"
    engine.db.run(attempts.finish, [outcome.completed(running.id, running.token, {})])
    assert why(engine, queued.id) == "finished"
    failing = engine.submit(payload={"do": "raise"})
    engine.run(failing.id)
    assert why(engine, failing.id) in {"backoff", "queued"}
    assert why(engine, dead_letter(engine)) == "dead-letter"
    family = engine.submit("test.family", {"children": [{}]})
    engine.run(family.id)
    assert why(engine, family.id) == "waiting-for-children"
    for payload, reason in (({"do": "sleep", "seconds": 3600.0}, "sleeping"), ({}, "waiting-for-answer")):
        waiting = engine.submit("test.waits", payload)
        engine.run(waiting.id)
        assert why(engine, waiting.id) == reason
    first, second = engine.submit("test.limited"), engine.submit("test.limited")
    sight = engine.db.run(attempts.find_unclaimed, [first.id])[first.id]
    engine.db.run(attempts.claim_limited, sight, worker="w", lease=60, paused_types=[], limit=1)
    assert why(engine, second.id) == "over-limit"
    engine.flags.off.add("task.test.noop")
    parked = engine.submit("test.noop")
    assert why(engine, parked.id) == "parked"
    lost = engine.submit()
    engine.db.connection().execute("UPDATE agent_tasks SET resends = 1 WHERE id = %s", (lost.id,))
    assert why(engine, lost.id) == "wake-up-lost"
