"""A task that kills its worker harms only itself."""

from __future__ import annotations

from uuid import UUID

import pytest

from orchestrator.model.states import Status
from tests.faults.lab import Lab


def deliver_in_processes(lab: Lab, ids: list[UUID]) -> None:
    """A batch to a process of its own, which may die of it."""
    process = lab.start("worker", ids=ids, clock=lab.clock())
    process.popen.communicate(timeout=60)


@pytest.mark.parametrize(("at", "how"), [(0, "exit"), (2, "kill"), (4, "exit")])
def test_neighbours_of_a_killer_pay_nothing(lab: Lab, at: int, how: str) -> None:
    good = [lab.engine.submit(max_attempts=1).id for _ in range(4)]
    killer = lab.engine.submit(payload={"do": how}, max_attempts=2).id
    batch = [*good[:at], killer, *good[at:]]
    for _ in range(6):
        deliver_in_processes(lab, batch)
        lab.engine.move_clock(200)
    lab.sweep()
    lab.check()
    assert [lab.engine.task(task_id).status for task_id in good] == [Status.COMPLETED] * 4
    assert [lab.engine.task(task_id).attempts for task_id in good] == [1] * 4
    dead = lab.engine.task(killer)
    assert (dead.status, dead.attempts) == (Status.DEAD_LETTER, 2)
    assert dead.error["kind"] == "crashed"
    assert killer in lab.dead_letters()


def test_each_kind_of_poison_is_undone_by_itself(lab: Lab) -> None:
    poisons = ["raise", "refuse", "retry", "bad-result", "abort-transaction"]
    good = [lab.engine.submit().id for _ in range(len(poisons) + 1)]
    bad = [lab.engine.submit(payload={"do": poison}).id for poison in poisons]
    mixed = [task_id for pair in zip(good[:-1], bad, strict=True) for task_id in pair] + good[-1:]
    lab.engine.run(*mixed)
    assert [lab.engine.effects(task_id) for task_id in good] == [1] * len(good)
    assert [lab.engine.effects(task_id) for task_id in bad] == [0] * len(bad)
    assert [lab.engine.task(task_id).attempts for task_id in good] == [1] * len(good)
    assert [lab.engine.task(task_id).attempts for task_id in bad] == [1, 1, 0, 1, 1]


def test_a_poison_among_effectless_neighbours_is_undone_by_itself(lab: Lab) -> None:
    """No handler wrote, so there is no transaction: the batch's one statement fails as a whole and is taken apart."""
    good = [lab.engine.submit("test.noop", {"n": n}).id for n in range(3)]
    bad = lab.engine.submit("test.noop", {"n": 3}).id
    connection = lab.engine.db.connection()
    connection.execute("ALTER TABLE agent_tasks ADD CHECK (result IS NULL OR result ->> 'n' <> '3')")
    lab.engine.run(*good, bad)
    assert {lab.engine.task(task_id).status for task_id in good} == {Status.COMPLETED}
    failed = lab.engine.task(bad)
    assert (failed.status, failed.attempts, failed.error["type"]) == (Status.PENDING, 1, "CheckViolation")


def test_a_flood_of_one_owner_is_named_to_the_queue(lab: Lab) -> None:
    """Fair queues go by the message group, which is the owner."""
    for owner in ("1", "2"):
        lab.engine.submit(owner=owner)
    assert [wake.owner for wake in lab.engine.queue.sent] == ["1", "2"]
