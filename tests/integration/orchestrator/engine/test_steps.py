"""Steps: their results are JSON from the first run on, and an effect happens once."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.model.states import Status
from tests.support.engine import Engine
from tests.support.oddities import CALLED


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    CALLED.clear()


def run_twice(engine: Engine, do: str, max_attempts: int = 2) -> dict[str, Any]:
    task = engine.submit("test.odd", {"do": do, "write": False}, max_attempts=max_attempts)
    engine.run(task.id)
    engine.move_clock(10)
    engine.run(task.id)
    return engine.row(task.id)


def test_a_name_that_is_used_again_is_another_step(engine: Engine) -> None:
    row = run_twice(engine, "step-twice")
    assert (row["status"], row["result"]) == ("completed", {"seen": [0, 1, 2]})
    assert [f"{row['id']}:send", f"{row['id']}:send#2", f"{row['id']}:send#3"] == CALLED


def test_the_first_run_gets_the_same_value_as_a_retry(engine: Engine) -> None:
    row = run_twice(engine, "step-shape")
    assert row["status"] == "completed"
    assert CALLED == ["[['1', 't'], ['str', 'str'], 'list']"] * 2


def test_a_result_that_is_no_json_fails_and_its_effect_happens_once(engine: Engine) -> None:
    row = run_twice(engine, "step-without-json")
    assert (row["status"], row["error"]["type"]) == ("dead-letter", "StepNotRecorded")
    assert [f"{row['id']}:send"] == CALLED


def test_a_result_that_is_too_large_fails_and_its_effect_happens_once(engine: Engine) -> None:
    row = run_twice(engine, "step-huge")
    assert (row["status"], len(CALLED)) == ("dead-letter", 1)


@pytest.mark.parametrize("do", ["step-annotated", "step-long-name", "step-nul-name"])
def test_a_step_that_cannot_be_recorded_is_refused_before_its_effect(engine: Engine, do: str) -> None:
    row = run_twice(engine, do)
    assert (row["status"], CALLED) == ("dead-letter", [])


def test_a_declared_type_comes_back_in_every_run(engine: Engine) -> None:
    row = run_twice(engine, "step-returns")
    assert (row["result"], CALLED) == ({"year": 2030}, ["datetime", "datetime"])


@pytest.mark.parametrize("do", ["progress-huge-data", "progress-nan"])
def test_progress_is_bounded(engine: Engine, do: str) -> None:
    row = run_twice(engine, do)
    assert (row["status"], row["progress"]) == ("dead-letter", None)


def test_a_long_progress_message_is_cut(engine: Engine) -> None:
    row = run_twice(engine, "progress-huge")
    assert row["status"] == "completed"
    assert row["progress"] == {"message": "x" * 1_000}


def test_two_children_with_one_key_are_a_mistake(engine: Engine) -> None:
    task = engine.submit("test.odd", {"do": "spawn-twice"}, max_attempts=1)
    engine.run(task.id)
    assert engine.task(task.id).status is Status.DEAD_LETTER
    assert "'once'" in engine.task(task.id).error["message"]
