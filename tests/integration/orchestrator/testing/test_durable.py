"""The test kit runs retries, children, schedules and time without a sleep."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine import schedules
from orchestrator.engine.context import Context
from orchestrator.engine.unique import UniqueKey
from orchestrator.model.errors import AlreadyAnswered, Forbidden, InvalidInput, NotFound
from orchestrator.testing import DurableEngine, durable
from tests.support.planted import bank

CHARGE = "tests.support.planted.bank.charge"


def test_a_task_runs_to_its_end(engine: DurableEngine) -> None:
    charge = engine.outside(CHARGE, returns={"id": 1})
    task = engine.submit("order.correct", {"amount": 3})
    assert (task.status, charge.calls) == ("pending", [])
    engine.run_until_idle()
    assert (task.status, task.result, task.is_over) == ("completed", {"receipt": {"id": 1}}, True)
    (call,) = charge.calls
    assert (call.arguments, call.step, call.key) == ("3", "charge", f"{task.id}:charge")
    assert call.line.startswith("order_correct.py:")


def test_a_failing_step_is_retried_without_waiting(engine: DurableEngine) -> None:
    charge = engine.outside(CHARGE, returns={"id": 1})
    engine.fail("step:charge", times=2)
    task = engine.submit("order.correct")
    engine.run_until_idle()
    assert (task.status, task.attempts, len(charge.calls)) == ("completed", 3, 1)
    assert task.events.count("retrying") == 2


def test_a_step_that_fails_too_often_makes_a_dead_letter(engine: DurableEngine) -> None:
    engine.outside(CHARGE)
    engine.fail("step:charge", times=3)
    task = engine.submit("order.correct")
    engine.run_until_idle()
    assert (task.status, task.error["kind"]) == ("dead-letter", "transient")


def test_parents_wait_for_their_children(engine: DurableEngine) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    task = engine.submit("order.family")
    engine.run_until_idle()
    assert (task.result, len(task.children)) == ({"parts": 2}, 2)
    assert {child.status for child in task.children} == {"completed"}


def test_time_passes_only_when_the_test_says_so(engine: DurableEngine) -> None:
    engine.outside(CHARGE)
    began, later = time.monotonic(), engine.now + timedelta(days=20)
    task = engine.submit("order.correct", schedule_at=later)
    engine.run_until_idle()
    engine.advance(days=19)
    assert task.status == "pending"
    engine.advance(days=2)
    assert task.status == "completed"
    assert time.monotonic() - began < 60


def test_a_long_retry_after_waits_for_the_clock(engine: DurableEngine) -> None:
    from tests.support.planted.order_family import patient

    engine.agents._known["order.patient"] = vars(patient)["__agent__"]
    task = engine.submit("order.patient")
    engine.run_until_idle()
    assert task.events == ["submitted", "started", "released"]
    engine.advance(days=1)
    assert len(task.events) == 3
    engine.advance(days=2)
    assert len(task.events) == 5


def test_schedules_run_on_the_same_clock(database_url: str, engine: DurableEngine) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    engine.database.run(schedules.declare, engine.agents)
    engine.advance(days=3)
    rows = engine.database.connection().execute("SELECT status FROM agent_tasks WHERE type = 'order.family'").fetchall()
    assert [row["status"] for row in rows] == ["completed"] * 3


@pytest.mark.parametrize(
    ("by", "named"), [("owner", "1"), ("operator", "operator operator"), (["7", "8"], "7")], ids=str
)
def test_people_answer_and_a_task_sleeps_for_weeks_on_the_test_s_clock(
    engine: DurableEngine, by: object, named: str
) -> None:
    charge = engine.outside(CHARGE, returns={"id": 1})
    task = engine.submit("order.approved", {"amount": 5, "by": by})
    engine.run_until_idle()
    assert (task.status, task.events[-1]) == ("pending", "waiting")
    engine.answer(task, "pay", {"decision": "edited", "edited": {"amount": 4}})
    engine.run_until_idle()
    engine.advance(days=29)
    assert (task.status, charge.calls, task.events.count("started")) == ("pending", [], 2)
    engine.advance(days=2)
    assert task.result == {"verdict": "edited", "by": named, "receipt": {"id": 1}}
    assert [call.arguments for call in charge.calls] == ["4"]


def test_a_question_that_nobody_answers_expires_on_the_test_s_clock(engine: DurableEngine) -> None:
    charge = engine.outside(CHARGE)
    task = engine.submit("order.approved")
    engine.run_until_idle()
    engine.advance(days=3)
    assert (task.result, charge.calls) == ({"verdict": "expired"}, [])


def test_an_answer_before_the_question_counts_for_a_signal_only(engine: DurableEngine) -> None:
    task = engine.submit("order.approved")
    engine.answer(task, "pay", True)
    engine.run_until_idle()
    assert task.status == "pending", "the person had seen nothing yet"


def test_answers_are_refused_as_the_route_refuses_them(engine: DurableEngine) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    task = engine.submit("order.approved", {"by": "operator"})
    engine.run_until_idle()
    with pytest.raises(InvalidInput):
        engine.answer(task, "pay", "perhaps")
    with pytest.raises(Forbidden):
        engine.answer(task, "pay", True, by="1")
    with pytest.raises(NotFound):
        engine.answer(task, "pay", True, by="9")
    engine.answer(task, "pay", False)
    with pytest.raises(AlreadyAnswered):
        engine.answer(task, "pay", True)


def test_fields_of_a_request_are_passed_on(engine: DurableEngine) -> None:
    first = engine.submit("order.correct", unique=UniqueKey("k"))
    assert engine.submit("order.correct", unique=UniqueKey("k")).id == first.id


def test_only_steps_can_be_made_to_fail(engine: DurableEngine) -> None:
    with pytest.raises(ValueError, match="name a step"):
        engine.fail("charge")


def test_nothing_is_left_behind(database_url: str) -> None:
    step, charge = Context.step, bank.charge
    with durable(database_url, "tests.support.planted", now=datetime(2030, 1, 1, tzinfo=UTC)) as engine:
        engine.outside(CHARGE)
        assert bank.charge is not charge
        assert Context.step is not step
    assert bank.charge is charge
    assert Context.step is step


def test_a_function_that_is_not_there_cannot_be_played(engine: DurableEngine) -> None:
    with pytest.raises(AttributeError):
        engine.outside("tests.support.planted.bank.refund")
