"""Planted bugs are named with their line and schedule; a correct agent passes."""

from __future__ import annotations

import inspect
import time

import pytest

from orchestrator.testing import CrashFound, DurableEngine
from tests.support.planted import order_correct, order_early, order_keyless, order_outside

CHARGE = "tests.support.planted.bank.charge"


def line_of(module: object, text: str) -> str:
    """Return `file:number` of the module's line with a text."""
    source, _ = inspect.getsourcelines(module)  # type: ignore[arg-type] # a module is an object to mypy
    numbers = [number for number, line in enumerate(source, 1) if text in line]
    return f"{str(inspect.getfile(module)).rsplit('/', 1)[-1]}:{numbers[0]}"  # type: ignore[arg-type] # the same


def test_a_correct_agent_passes_every_schedule(engine: DurableEngine) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    began = time.process_time()
    assert engine.crash_everywhere("order.correct") == 14  # two at each of six points, one without, one of duplicates
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("type", "line", "problem", "schedule"),
    [
        ("order.outside", line_of(order_outside, "bank.charge"), "outside a step", "killed after the handler"),
        (
            "order.keyless",
            line_of(order_keyless, "bank.charge"),
            "in step 'charge' without the step's key",
            "after the effect of step 'charge', before its record",
        ),
        ("order.early", line_of(order_early, "ctx.db.execute"), "before step 'charge'", "no crash is needed"),
    ],
)
def test_a_planted_bug_is_named_with_its_line_and_schedule(
    engine: DurableEngine, type: str, line: str, problem: str, schedule: str
) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    with pytest.raises(CrashFound) as found:
        engine.crash_everywhere(type)
    (finding,) = found.value.findings
    assert finding.line == line
    assert problem in finding.problem
    assert schedule in finding.schedule
    assert line in str(found.value)


def test_the_correct_agent_writes_once_whatever_is_killed(engine: DurableEngine) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    runs = engine.crash_everywhere("order.correct")
    rows = engine.database.connection().execute(
        "SELECT count(*) AS writes, count(DISTINCT task_id) AS tasks FROM ledger"
    )
    assert rows.fetchone() == {"writes": runs, "tasks": runs}
    assert inspect.getsource(order_correct)


def test_an_agent_of_children_is_crashed_with_them(engine: DurableEngine) -> None:
    engine.outside(CHARGE, returns={"id": 1})
    assert engine.crash_everywhere("order.family") > 30
