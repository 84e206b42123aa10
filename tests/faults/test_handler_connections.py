"""A handler that loses its connection again and again harms only itself, and not for ever."""

from __future__ import annotations

import pytest

from orchestrator.model.states import Status
from tests.faults.lab import Lab


@pytest.mark.parametrize("how", ["kill-backend", "finish-connection"])
def test_a_handler_that_kills_its_connection_ends_as_a_dead_letter(lab: Lab, how: str) -> None:
    engine = lab.engine
    killer = engine.submit("test.odd", {"do": how}, max_attempts=2).id
    good = [engine.submit(max_attempts=1).id for _ in range(4)]
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    rounds = []
    for _ in range(6):
        engine.run(*good[:2], killer, *good[2:])
        row = engine.row(killer)
        rounds.append((row["status"], row["attempts"], row["losses"], row["suspect"]))
        engine.move_clock(10)
    assert rounds[:4] == [
        ("pending", 0, 1, False),
        ("pending", 0, 2, True),
        ("pending", 1, 3, True),
        ("dead-letter", 2, 4, True),
    ]
    assert [engine.task(each).status for each in good] == [Status.COMPLETED] * 4
    assert [(engine.effects(each), engine.task(each).attempts) for each in good] == [(1, 1)] * 4
    assert engine.effects(killer) == 0
    assert killer in engine.dead_letters.ids


def test_one_loss_is_nobodys_fault(lab: Lab) -> None:
    engine = lab.engine
    task = engine.submit("test.odd", {"do": "kill-backend"}, max_attempts=1).id
    engine.run(task)
    assert engine.kinds(task) == ["submitted", "started", "released"]
    engine.db.connection().execute("""UPDATE agent_tasks SET payload = '{"do": "ok"}' WHERE id = %s""", (task,))
    engine.run(task)
    row = engine.row(task)
    assert (row["status"], row["attempts"], row["losses"], row["suspect"]) == ("completed", 1, 0, False)


def test_an_aws_error_of_a_handler_is_its_failure(lab: Lab) -> None:
    """Its nine neighbours complete in the same invocation."""
    engine = lab.engine
    bad = engine.submit("test.odd", {"do": "aws"}, max_attempts=2).id
    good = [engine.submit(max_attempts=1).id for _ in range(9)]
    engine.run(*good[:4], bad, *good[4:])
    assert [engine.task(each).status for each in good] == [Status.COMPLETED] * 9
    engine.move_clock(10)
    engine.run(bad)
    dead = engine.task(bad)
    assert (dead.status, dead.attempts, dead.error["type"]) == (Status.DEAD_LETTER, 2, "CloudError")
    assert dead.error["message"] == "s3 get_object: AccessDenied"
