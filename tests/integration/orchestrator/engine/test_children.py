"""Parents, children, steps: joined once, in any order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.http.serializers import task_view
from orchestrator.model.states import Status
from tests.support.engine import Engine


def children_of(engine: Engine, parent: UUID) -> list[UUID]:
    rows = engine.db.connection().execute(
        "SELECT id FROM agent_tasks WHERE parent_id = %s ORDER BY spawn_key", (parent,)
    )
    return [row["id"] for row in rows.fetchall()]


def family(engine: Engine, children: list[dict[str, Any]], **payload: Any) -> UUID:
    return engine.submit("test.family", {"children": children, **payload}).id


def test_a_parent_waits_for_all_its_children_without_a_worker(engine: Engine) -> None:
    parent = family(engine, [{}, {"do": "refuse"}, {}], spawn=True)
    engine.queue.sent.clear()
    assert engine.run(parent) == []
    waiting = engine.task(parent)
    assert (waiting.status, waiting.attempts, task_view(waiting)["nextRunAt"]) == (Status.PENDING, 0, None)
    kids = children_of(engine, parent)
    assert engine.queue.ids == kids
    for kid in kids[:-1]:
        engine.run(kid)
    assert engine.queue.ids == kids
    engine.run(kids[-1])
    assert engine.queue.ids == [*kids, parent]
    assert engine.run(parent) == []
    done = engine.task(parent)
    assert done.result["statuses"] == ["completed", "failed", "completed"]
    assert done.result["first"] == {"key": f"{parent}:first", "attempt": 1}
    assert len(children_of(engine, parent)) == 4


def test_children_that_finish_in_one_batch_resume_their_parent_once(engine: Engine) -> None:
    parent = family(engine, [{}, {}, {}])
    engine.run(parent)
    kids = children_of(engine, parent)
    engine.queue.sent.clear()
    engine.run(*kids)
    assert engine.queue.ids == [parent]


def test_a_quorum_is_enough_and_late_children_keep_running(engine: Engine) -> None:
    parent = family(engine, [{}, {}, {}], quorum=1)
    engine.run(parent)
    kids = children_of(engine, parent)
    engine.run(kids[1])
    assert engine.run(parent) == []
    assert engine.task(parent).result == {
        "first": {"key": f"{parent}:first", "attempt": 1},
        "statuses": ["pending", "completed", "pending"],
        "timedOut": False,
    }
    assert engine.run(kids[0]) == []
    assert engine.effects(kids[0]) == 1


def test_a_deadline_ends_the_wait_with_the_results_so_far(engine: Engine) -> None:
    parent = family(engine, [{}, {}], deadline=60)
    engine.run(parent)
    kids = children_of(engine, parent)
    engine.run(kids[0])
    assert engine.run(parent) == []
    assert engine.task(parent).status is Status.PENDING
    engine.move_clock(61)
    assert engine.run(parent) == []
    assert engine.task(parent).result["statuses"] == ["completed", "pending"]
    assert engine.task(parent).result["timedOut"] is True


def test_a_child_that_dies_counts_as_done(engine: Engine) -> None:
    parent = family(engine, [{"do": "raise"}])
    engine.run(parent)
    (kid,) = children_of(engine, parent)
    for _ in range(3):
        engine.run(kid)
        engine.move_clock(60)
    assert engine.task(kid).status is Status.DEAD_LETTER
    assert engine.run(parent) == []
    assert engine.task(parent).result["statuses"] == ["dead-letter"]


def test_a_cancelled_parent_takes_its_children_with_it(engine: Engine) -> None:
    from orchestrator.engine.cancel import cancel

    parent = family(engine, [{}, {}])
    engine.run(parent)
    kids = children_of(engine, parent)
    engine.run(kids[0])
    cancel(engine.db, engine.queue, engine.events, "1", parent)
    assert [engine.task(kid).status for kid in kids] == [Status.COMPLETED, Status.CANCELLED]
    assert engine.run(*kids) == []
    assert engine.effects(kids[1]) == 0


def test_cancelling_the_last_child_resumes_its_parent(engine: Engine) -> None:
    from orchestrator.engine.cancel import cancel

    parent = family(engine, [{}])
    engine.run(parent)
    (kid,) = children_of(engine, parent)
    engine.queue.sent.clear()
    cancel(engine.db, engine.queue, engine.events, "1", kid)
    assert engine.queue.ids == [parent]
    engine.run(parent)
    assert engine.task(parent).result["statuses"] == ["cancelled"]


def test_a_child_that_kills_every_worker_resumes_its_parent(engine: Engine) -> None:
    from orchestrator.store import attempts

    parent = family(engine, [{}])
    engine.run(parent)
    (kid,) = children_of(engine, parent)
    for _ in range(3):
        engine.move_clock(100)
        engine.db.run(attempts.end_leases, [kid])
        assert engine.db.run(attempts.claim, [kid], worker="dies", lease=10, alone=True)
    engine.move_clock(100)
    engine.queue.sent.clear()
    engine.run(kid)
    assert engine.task(kid).status is Status.DEAD_LETTER
    assert engine.queue.ids == [parent]


def test_children_spawned_before_a_wait_exist_only_when_the_parent_commits(engine: Engine) -> None:
    parent = family(engine, [{}], spawn_first=True)
    engine.run(parent)
    (kid,) = children_of(engine, parent)
    engine.run(kid)
    assert children_of(engine, parent) == [kid]
    engine.run(parent)
    assert engine.task(parent).status is Status.COMPLETED
    assert len(children_of(engine, parent)) == 2


def test_a_quorum_of_more_than_there_are_waits_for_all(engine: Engine) -> None:
    parent = family(engine, [{}, {}], quorum=5)
    engine.run(parent)
    engine.run(*children_of(engine, parent))
    engine.run(parent)
    assert engine.task(parent).result["statuses"] == ["completed", "completed"]
