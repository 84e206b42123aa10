"""An operator cancels many tasks at once: the matching tasks and no others, each as a single cancel would."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.operators.bulk_cancel import preview
from orchestrator.model import fault_injection, outcome
from orchestrator.model.states import Status
from orchestrator.store import attempts, bulk_cancel
from orchestrator.store.bulk_cancel import Chosen
from orchestrator.store.connection import Connection, Database
from tests.integration.orchestrator.engine.cancelling import cancelled, start, statuses, trail
from tests.integration.orchestrator.engine.test_children import children_of, family
from tests.support.engine import Engine

Meddle = Callable[[Callable[[], object]], None]


@pytest.fixture
def meddle(monkeypatch: pytest.MonkeyPatch) -> Meddle:
    """Return a function that sets an action to run after the tasks are selected and before they are locked."""
    lock = bulk_cancel.lock_unfinished

    def before_the_lock(deed: Callable[[], object]) -> None:
        def locked(conn: Connection, ids: Collection[UUID], limit: int) -> list[UUID]:
            deed()
            return lock(conn, ids, limit)

        monkeypatch.setattr(bulk_cancel, "lock_unfinished", locked)

    return before_the_lock


def one_of_each(engine: Engine) -> dict[str, UUID]:
    """Tasks that differ in a word that can be asked for."""
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    failed = engine.submit("test.effect", {"do": "raise"})
    engine.run(failed.id)
    engine.db.connection().execute("UPDATE agent_tasks SET due_at = task_now() + interval '1 day'")
    parent = family(engine, [{}])
    engine.run(parent)
    found = {
        "plain": engine.submit("test.noop").id,
        "owner": engine.submit("test.noop", owner="2").id,
        "running": engine.submit("test.noop").id,
        "traced": engine.submit("test.noop", traceparent=trace).id,
        "later": engine.submit("test.noop", schedule_at=datetime.now(UTC) + timedelta(days=1)).id,
        "failed": failed.id,
        "parent": parent,
        "kid": children_of(engine, parent)[0],
    }
    start(engine, found["running"])
    return found


FILTERS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "type": ({"type": "test.noop"}, {"plain", "owner", "running", "traced", "later"}),
    "owner": ({"owner": "2"}, {"owner"}),
    "type and owner": ({"type": "test.noop", "owner": "1"}, {"plain", "running", "traced", "later"}),
    "status": ({"status": Status.PROCESSING}, {"running"}),
    "status and type": ({"status": Status.PENDING, "type": "test.noop"}, {"plain", "owner", "traced", "later"}),
    "state": ({"state": "scheduled"}, {"later"}),
    "waiting, and its child": ({"state": "waiting"}, {"parent", "kid"}),
    "retrying": ({"state": "retrying"}, {"failed"}),
    "trace": ({"trace": "a" * 32}, {"traced"}),
    "no such type": ({"type": "none"}, set()),
    "no such owner": ({"owner": "2", "status": Status.PROCESSING}, set()),
}


@pytest.mark.parametrize("name", FILTERS)
def test_matching_tasks_are_shown_then_ended_and_no_others(engine: Engine, operator: Database, name: str) -> None:
    filters, expected = FILTERS[name]
    found = one_of_each(engine)
    before = statuses(engine)
    previewed = preview(operator, Chosen(**filters))
    assert statuses(engine) == before
    assert trail(engine) == []
    assert [row.tasks for row in previewed if row.type is None] == [len(expected)]
    assert cancelled(engine, operator, **filters) == len(expected)
    after = statuses(engine)
    assert {name for name, id in found.items() if after[id] == "cancelled"} == expected
    assert {id: status for id, status in after.items() if status != "cancelled"}.items() <= before.items()


def test_since_until_and_fingerprint(engine: Engine, operator: Database) -> None:
    old, marked, new = (engine.submit("test.effect", {"do": "raise"}).id for _ in range(3))
    engine.run(marked)
    mark = engine.row(marked)["error"]["fingerprint"]
    assert cancelled(engine, operator, until=datetime.now(UTC) - timedelta(days=1), type="test.effect") == 0
    assert cancelled(engine, operator, since=datetime.now(UTC) + timedelta(days=1)) == 0
    assert cancelled(engine, operator, fingerprint=mark) == 1
    assert engine.task(marked).status is Status.CANCELLED
    assert cancelled(engine, operator, since=datetime.now(UTC) - timedelta(minutes=1)) == 2
    assert [engine.task(id).status for id in (old, new)] == [Status.CANCELLED] * 2


def test_a_preview_lists_the_tasks_to_end(engine: Engine, operator: Database) -> None:
    parent = family(engine, [{}, {}])
    engine.run(parent)
    other = engine.submit("test.family", {"children": []}, owner="2")
    start(engine, other.id)
    previewed = {
        (row.type, row.status): (row.tasks, row.descendants, row.owners)
        for row in preview(operator, Chosen(type="test.family"))
    }
    assert previewed == {
        (None, None): (4, 2, 2),
        ("test.effect", "pending"): (2, 2, 1),
        ("test.family", "pending"): (1, 0, 1),
        ("test.family", "processing"): (1, 0, 1),
    }
    (whole,) = (row for row in preview(operator, Chosen(type="test.family")) if row.type is None)
    assert (whole.oldest, whole.newest) == (engine.task(parent).created_at, engine.task(other.id).created_at)
    assert (whole.example_id, whole.example_owner, whole.example_status) == (other.id, "2", "processing")


def test_a_child_that_fits_too_is_counted_once(engine: Engine, operator: Database) -> None:
    parent = family(engine, [{}, {}])
    engine.run(parent)
    previewed = [(row.tasks, row.descendants) for row in preview(operator, Chosen(owner="1")) if not row.type]
    assert previewed == [(3, 0)]
    assert cancelled(engine, operator, owner="1") == 3


def test_nothing_that_is_over_is_touched(engine: Engine, operator: Database) -> None:
    over = [engine.submit(payload={"do": do}, max_attempts=1).id for do in ("succeed", "refuse", "raise", "succeed")]
    engine.run(*over[:3])
    assert cancelled(engine, operator, ids=over[3:]) == 1
    before = {id: engine.row(id) for id in over}
    assert {row["status"] for row in before.values()} == {"completed", "failed", "dead-letter", "cancelled"}
    for chosen in ({"ids": over}, {"type": "test.effect"}, {"owner": "1"}):
        assert [row.tasks for row in preview(operator, Chosen(**chosen))] == [0]
        assert cancelled(engine, operator, **chosen) == 0
    assert {id: engine.row(id) for id in over} == before
    assert len(trail(engine)) == 1, "what ended nothing leaves no trace"


def test_tasks_that_start_meanwhile_do_not_match_pending(engine: Engine, operator: Database, meddle: Meddle) -> None:
    task = engine.submit()
    meddle(lambda: start(engine, task.id))
    assert cancelled(engine, operator, type="test.effect", status=Status.PENDING) == 0
    assert engine.task(task.id).status is Status.PROCESSING


def test_tasks_that_start_meanwhile_end_where_they_still_match(
    engine: Engine, operator: Database, meddle: Meddle
) -> None:
    task, began = engine.submit(), list[attempts.Attempt]()
    meddle(lambda: began.append(start(engine, task.id)))
    assert cancelled(engine, operator, type="test.effect") == 1
    (attempt,) = began
    assert engine.db.run(attempts.finish, [outcome.completed(attempt.id, attempt.token, {})]) == []
    assert engine.task(task.id).status is Status.CANCELLED


def test_tasks_that_end_meanwhile_stay_as_they_ended(engine: Engine, operator: Database, meddle: Meddle) -> None:
    task, other = engine.submit(), engine.submit()
    meddle(lambda: engine.run(task.id))
    assert cancelled(engine, operator, type="test.effect") == 1
    assert (engine.task(task.id).status, engine.effects(task.id)) == (Status.COMPLETED, 1)
    assert engine.task(other.id).status is Status.CANCELLED


@pytest.mark.parametrize("state", ["parked", "scheduled"])
def test_tasks_that_leave_their_state_meanwhile_stay(
    engine: Engine, operator: Database, meddle: Meddle, state: str
) -> None:
    """Its status is the same before and after; only its cause of waiting has changed."""
    execute = engine.db.connection().execute
    task = engine.submit()
    if state == "parked":
        execute("UPDATE agent_tasks SET parked_by = 'task.test.effect'")
    else:
        execute("UPDATE agent_tasks SET due_at = task_now() + interval '1 day'")
    meddle(lambda: execute("UPDATE agent_tasks SET parked_by = NULL, due_at = task_now()"))
    assert [row.tasks for row in preview(operator, Chosen(state=state)) if not row.type] == [1]
    assert cancelled(engine, operator, state=state) == 0
    assert engine.task(task.id).status is Status.PENDING


def test_a_running_attempt_loses_its_lease_and_commits_nothing(engine: Engine, operator: Database) -> None:
    task, neighbour = engine.submit(), engine.submit(owner="2")

    def cancel_inside(point: str) -> None:
        if point == "run.in_handler" and engine.task(task.id).status is Status.PROCESSING:
            cancelled(engine, operator, owner="1")

    fault_injection.arm(cancel_inside)
    try:
        assert engine.run(task.id, neighbour.id) == []
    finally:
        fault_injection.arm(None)
    assert (engine.task(task.id).status, engine.effects(task.id)) == (Status.CANCELLED, 0)
    assert (engine.task(neighbour.id).status, engine.effects(neighbour.id)) == (Status.COMPLETED, 1)


def test_descendants_in_every_state_end_too(engine: Engine, operator: Database) -> None:
    parent = family(engine, [{}, {}, {}])
    engine.run(parent)
    kids = children_of(engine, parent)
    engine.run(kids[0])
    engine.db.connection().execute("UPDATE agent_tasks SET owner_id = '2' WHERE id = %s", (kids[2],))
    engine.events.owners.clear()
    assert cancelled(engine, operator, type="test.family", owner="1") == 3
    assert [engine.task(kid).status for kid in kids] == [Status.COMPLETED, Status.CANCELLED, Status.CANCELLED]
    assert set(engine.events.owners) == {"1", "2"}, "who watches is told"
    assert engine.run(*kids) == []
    assert (engine.effects(kids[1]), engine.effects(kids[2])) == (0, 0)


def test_a_parent_that_waited_for_them_goes_on(engine: Engine, operator: Database) -> None:
    parent = family(engine, [{}, {}])
    engine.run(parent)
    engine.queue.sent.clear()
    assert cancelled(engine, operator, type="test.effect") == 2
    assert engine.queue.ids == [parent]
    engine.run(parent)
    assert engine.task(parent).result["statuses"] == ["cancelled", "cancelled"]


def test_a_task_that_waits_for_a_limit_gets_the_slot(engine: Engine, operator: Database) -> None:
    first, second = engine.submit("test.limited"), engine.submit("test.limited")
    sight = engine.db.run(attempts.find_unclaimed, [first.id])[first.id]
    engine.db.run(attempts.claim_limited, sight, worker="w", lease=60, paused_types=[], limit=1)
    engine.queue.sent.clear()
    assert cancelled(engine, operator, type="test.limited", status=Status.PROCESSING) == 1
    assert engine.queue.ids == [second.id]
