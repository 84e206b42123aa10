"""Approvals: a decision counts for exactly what was shown, and only of the people who were asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.waiting.signals import announce_signal, signal
from orchestrator.model.errors import InvalidInput
from orchestrator.model.states import Status
from orchestrator.store import waits
from tests.support.agents.test_waits import SHOWN
from tests.support.engine import Engine


@pytest.fixture(autouse=True)
def _shown() -> Iterator[None]:
    yield
    SHOWN.clear()


def begin(engine: Engine, **payload: Any) -> UUID:
    engine.move_clock(0)
    task = engine.submit("test.waits", {"do": "approve", "writes": False, **payload}, max_attempts=1).id
    engine.run(task)
    assert engine.row(task)["awaits"] == "approval:pay", engine.row(task)["error"]
    return task


def answer(engine: Engine, task: UUID, value: Any, by: str = "1") -> None:
    announce_signal(engine.queue, engine.events, engine.db.run(signal, task, "pay", value, owner="1", by=by))


def result(engine: Engine, task: UUID) -> Any:
    engine.run(task)
    ended = engine.task(task)
    assert ended.status is Status.COMPLETED, (ended.error, engine.row(task)["awaits"])
    return ended.result


@pytest.mark.parametrize(
    ("value", "verdict", "after"),
    [
        (True, "approved", {"amount": 5}),
        ({"decision": "approved", "note": "fine"}, "approved", {"amount": 5}),
        (False, "refused", {"amount": 5}),
        ({"decision": "edited", "edited": {"amount": 3}}, "edited", {"amount": 3}),
    ],
)
def test_a_decision_is_typed_and_names_its_person(engine: Engine, value: Any, verdict: str, after: Any) -> None:
    task = begin(engine)
    answer(engine, task, value)
    decided = result(engine, task)
    assert (decided["verdict"], decided["value"], decided["by"]) == (verdict, after, "1")


@pytest.mark.parametrize(
    "value",
    ["yes", {}, {"decision": "maybe"}, {"decision": "edited"}, {"decision": "approved", "edited": {"amount": 3}}],
)
def test_an_answer_of_another_form_is_refused(engine: Engine, value: Any) -> None:
    task = begin(engine)
    with pytest.raises(InvalidInput):
        answer(engine, task, value)
    assert engine.row(task)["awaits"] == "approval:pay"


def test_a_person_cannot_change_what_was_not_shown(engine: Engine) -> None:
    task = begin(engine)
    with pytest.raises(InvalidInput) as refused:
        answer(engine, task, {"decision": "edited", "edited": {"iban": "DE1"}})
    assert [fault.field for fault in refused.value.faults] == ["value.edited.iban"]


def test_an_expired_approval_is_seen_by_the_handler(engine: Engine) -> None:
    task = begin(engine, seconds=60.0)
    engine.move_clock(60)
    assert result(engine, task)["verdict"] == "expired"


def test_other_arguments_are_asked_again(engine: Engine) -> None:
    """The person approved 5. The handler then shows 500, and that approval does not count."""
    task = begin(engine)
    (first,) = engine.db.run(waits.open_asks, task)
    answer(engine, task, True)
    SHOWN[task] = {"amount": 500}
    engine.run(task)
    (second,) = engine.db.run(waits.open_asks, task)
    assert (second.shown, second.token == first.token) == ({"amount": 500}, False)
    answer(engine, task, False)
    assert result(engine, task)["verdict"] == "refused"


def test_a_decision_that_other_code_has_not_used_is_asked_again(engine: Engine) -> None:
    engine.worker.version = "1"
    task = begin(engine)
    answer(engine, task, True)
    engine.worker.version = "2"
    engine.run(task)
    assert engine.row(task)["awaits"] == "approval:pay"
    answer(engine, task, True)
    assert result(engine, task)["verdict"] == "approved"


def test_a_decision_that_was_used_survives_a_deploy(engine: Engine) -> None:
    engine.worker.version = "1"
    task = begin(engine, then_wait=True)
    answer(engine, task, True)
    engine.run(task)
    assert engine.row(task)["awaits"] == "signal:answer"
    engine.worker.version = "2"
    sent = engine.db.run(signal, task, "answer", None, owner="1", by="1")
    announce_signal(engine.queue, engine.events, sent)
    assert result(engine, task)["verdict"] == "approved"


def test_a_signal_before_anything_was_shown_is_no_approval(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit("test.waits", {"do": "approve", "writes": False}, max_attempts=1).id
    answer(engine, task, True)
    engine.run(task)
    assert engine.row(task)["awaits"] == "approval:pay"
    answer(engine, task, False)
    assert result(engine, task)["verdict"] == "refused"


@pytest.mark.parametrize("by", [[], ["x"] * 1 + [""], [str(number) for number in range(101)]])
def test_nobody_or_too_many_to_ask_is_a_clear_failure(engine: Engine, by: list[str]) -> None:
    task = engine.submit("test.waits", {"do": "approve", "writes": False, "by": by}, max_attempts=1).id
    engine.run(task)
    assert engine.task(task).error["type"] == "ValueError"
