"""Postgres stores every accepted task; a repeated request stores no second task."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import create_model

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.errors import InvalidInput, KeyReused
from orchestrator.model.states import Status
from orchestrator.store import tasks
from tests.support.engine import Engine


def test_every_fault_is_named_at_once(engine: Engine) -> None:
    with pytest.raises(InvalidInput) as refused:
        engine.submit(
            payload={"do": "nonsense", "times": "many", "unknown": 1},
            max_attempts=0,
            schedule_at=datetime(2030, 1, 1),  # noqa: DTZ001 (no time zone is the fault)
        )
    assert {fault.field for fault in refused.value.faults} == {
        "payload.do",
        "payload.times",
        "payload.unknown",
        "maxAttempts",
        "scheduleAt",
    }


@pytest.mark.parametrize("type", ["nope", "test.family", "../etc", "os.path", ""])
def test_a_user_may_submit_open_types_only(engine: Engine, type: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        engine.submit(type, {"children": []}, by_user=True)
    assert refused.value.faults[0].field == "type"


@pytest.mark.parametrize("text", ["nul \x00", "lone \ud800 surrogate", float("nan"), float("inf")])
def test_a_payload_that_postgres_cannot_store_is_a_fault(engine: Engine, text: object) -> None:
    with pytest.raises(InvalidInput):
        engine.submit("test.noop", {"text": text})


def test_the_same_key_and_request_give_the_same_task(engine: Engine) -> None:
    first = engine.submit(idempotency_key="k", payload={"do": "succeed"})
    again = engine.submit(idempotency_key="k", payload={"do": "succeed"})
    assert again.id == first.id
    assert engine.queue.ids == [first.id]


def test_a_repeat_is_the_same_after_a_deploy_that_adds_an_optional_field(engine: Engine) -> None:
    """The request as it was sent decides, not the payload as the model of the day completes it."""
    first = engine.submit(idempotency_key="k", payload={"do": "succeed"})
    deployed = engine.agents.get("test.effect")
    newer = create_model("Newer", __base__=deployed.payload, tone=(str, "plain"))
    engine.agents._known["test.effect"] = replace(deployed, payload=newer)
    assert engine.submit(idempotency_key="k", payload={"do": "succeed"}).id == first.id
    with pytest.raises(KeyReused):
        engine.submit(idempotency_key="k", payload={"do": "succeed", "tone": "warm"})


def test_the_order_of_a_payloads_fields_makes_no_other_request(engine: Engine) -> None:
    first = engine.submit("test.noop", {"a": {"b": 1, "c": 2}, "d": 3}, idempotency_key="k")
    assert engine.submit("test.noop", {"d": 3, "a": {"c": 2, "b": 1}}, idempotency_key="k").id == first.id


def test_the_same_key_with_another_request_is_refused(engine: Engine) -> None:
    engine.submit(idempotency_key="k")
    with pytest.raises(KeyReused):
        engine.submit(idempotency_key="k", payload={"do": "raise"})
    with pytest.raises(KeyReused):
        engine.submit(idempotency_key="k", max_attempts=7)


def test_the_same_key_of_another_owner_is_another_task(engine: Engine) -> None:
    assert engine.submit(idempotency_key="k").id != engine.submit(idempotency_key="k", owner="2").id


def test_concurrent_duplicates_make_one_task(engine: Engine) -> None:
    databases = [engine.database() for _ in range(8)]
    order = TaskRequest(owner="1", type="test.effect", payload={}, idempotency_key="same", by_user=False)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda db: submit(db, engine.queue, engine.agents, order), databases))
    assert len({each.task.id for each in made}) == 1
    assert sum(each.created for each in made) == 1
    assert len(engine.queue.sent) == 1


def test_a_lost_send_loses_nothing(engine: Engine) -> None:
    engine.queue.broken = True
    task = engine.submit()
    assert task.status is Status.PENDING
    assert engine.row(task.id)["wake_at"] is not None


def test_soon_is_delayed_by_the_queue_and_late_waits_in_postgres(engine: Engine) -> None:
    now = datetime.now(UTC)
    soon = engine.submit(schedule_at=now + timedelta(minutes=5))
    assert 295 <= engine.queue.sent[-1].delay <= 300
    late = engine.submit(schedule_at=now + timedelta(hours=2))
    assert engine.queue.ids == [soon.id]
    assert engine.row(late.id)["wake_at"] == engine.row(late.id)["due_at"]
    past = engine.submit(schedule_at=now - timedelta(days=1))
    assert engine.queue.sent[-1].task_id == past.id
    assert engine.queue.sent[-1].delay == 0


@pytest.mark.parametrize(("minutes", "swept"), [(0, 2), (14, 16), (16, 16)])
def test_the_sweeper_sends_only_long_delays_and_late_tasks(engine: Engine, minutes: int, swept: int) -> None:
    engine.move_clock(0)
    assert engine.now is not None
    task = engine.submit(schedule_at=engine.now + timedelta(minutes=minutes))
    assert engine.row(task.id)["wake_at"] == engine.now + timedelta(minutes=swept)


def test_the_newest_completed_are_of_one_owner_and_type_and_well_ended(engine: Engine) -> None:
    engine.move_clock(0)
    older, newer, theirs, refused = (
        engine.submit(payload={"do": do}, owner=owner)
        for do, owner in (("succeed", "1"), ("succeed", "1"), ("succeed", "2"), ("refuse", "1"))
    )
    other = engine.submit("test.noop")
    for task in (older, newer, theirs, other, refused):
        engine.run(task.id)
        engine.move_clock(1)
    found = engine.db.run(tasks.newest_completed, "1", "test.effect", 10)
    assert [task.id for task in found] == [newer.id, older.id]
    assert [task.id for task in engine.db.run(tasks.newest_completed, "1", "test.effect", 1)] == [newer.id]
