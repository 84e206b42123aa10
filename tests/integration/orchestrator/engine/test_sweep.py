"""The sweeper sends lost messages again, wakes due tasks and prunes old tasks, without a request of a caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine import sweep as sweep_module
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.model.states import Status
from orchestrator.store import attempts, flag_snapshot
from orchestrator.store.connection import Database
from tests.support.engine import Engine


class ClosedSockets(Sockets):
    def __init__(self) -> None:
        super().__init__("none")
        self.closed: list[str] = []

    def post(self, connection_id: str, data: bytes) -> Delivery:
        return Delivery.GONE

    def delete(self, connection_id: str) -> None:
        self.closed.append(connection_id)


@pytest.fixture
def sweeper(engine: Engine) -> Sweeper:
    return Sweeper(
        db=engine.database("sweeper"),
        queue=engine.queue,
        dead_letters=engine.dead_letters,
        events=engine.events,
        sockets=ClosedSockets(),
        flags=engine.flags,
    )


def swept(engine: Engine, sweeper: Sweeper) -> Sequence[object]:
    engine.queue.sent.clear()
    sweep(sweeper, lambda: 30.0)
    return engine.queue.ids


def test_a_lost_task_message_is_sent_again_within_three_minutes_and_then_less_often(
    engine: Engine, sweeper: Sweeper
) -> None:
    task = engine.submit()
    assert swept(engine, sweeper) == []
    engine.move_clock(121)
    assert swept(engine, sweeper) == [task.id]
    assert swept(engine, sweeper) == []
    engine.move_clock(121)
    assert swept(engine, sweeper) == [task.id]
    engine.move_clock(121)
    assert swept(engine, sweeper) == []
    engine.move_clock(121)
    assert swept(engine, sweeper) == [task.id]
    assert engine.run(task.id) == []


def test_a_running_task_is_left_alone_until_its_lease_ends(engine: Engine, sweeper: Sweeper) -> None:
    task = engine.submit()
    engine.db.run(attempts.claim, [task.id], worker="dies", lease=300, alone=True)
    engine.move_clock(130)
    assert swept(engine, sweeper) == []
    assert engine.task(task.id).status is Status.PROCESSING
    engine.move_clock(180)
    assert swept(engine, sweeper) == [task.id]
    assert (engine.task(task.id).status, engine.task(task.id).attempts) == (Status.PENDING, 1)


def test_a_dead_letter_whose_message_was_lost_is_sent_again(engine: Engine, sweeper: Sweeper) -> None:
    task = engine.submit(payload={"do": "raise"}, max_attempts=1)
    engine.dead_letters.broken = True
    engine.run(task.id)
    assert engine.dead_letters.sent == []
    engine.dead_letters.broken = False
    engine.move_clock(31)
    swept(engine, sweeper)
    swept(engine, sweeper)
    assert engine.dead_letters.ids == [task.id]


def test_a_far_schedule_is_woken_when_due(engine: Engine, sweeper: Sweeper) -> None:
    task = engine.submit(schedule_at=datetime.now(UTC) + timedelta(hours=2))
    engine.move_clock(7190)
    assert swept(engine, sweeper) == []
    engine.move_clock(20)
    assert swept(engine, sweeper) == [task.id]


def test_parked_tasks_go_when_their_flag_is_on_again(engine: Engine, sweeper: Sweeper) -> None:
    engine.flags.off.add("task.test.effect")
    tasks = [engine.submit() for _ in range(3)]
    engine.run(*[task.id for task in tasks])
    engine.move_clock(1000)
    assert swept(engine, sweeper) == []
    engine.flags.off.clear()
    assert swept(engine, sweeper) == [task.id for task in tasks]
    assert engine.run(*[task.id for task in tasks]) == []
    assert [engine.effects(task.id) for task in tasks] == [1, 1, 1]
    assert engine.kinds(tasks[0].id) == ["submitted", "parked", "unparked", "started", "completed"]


def test_two_sweepers_at_once_send_once(engine: Engine, sweeper: Sweeper) -> None:
    task = engine.submit()
    engine.move_clock(121)
    engine.queue.sent.clear()
    other: Database = engine.new_worker().db
    engine.move_clock(0)
    with engine.db.transaction() as open_transaction:
        from orchestrator.store import sweep as store

        assert len(store.due_for_sweep(open_transaction, 10)) == 1
        assert other.run(store.due_for_sweep, 10) == []
    assert other.run(store.due_for_sweep, 10) == []
    assert engine.task(task.id).status is Status.PENDING


def test_old_tasks_are_pruned_with_their_events_and_dead_letters_stay(engine: Engine, sweeper: Sweeper) -> None:
    done, dead = engine.submit(), engine.submit(payload={"do": "raise"}, max_attempts=1)
    engine.run(done.id)
    engine.run(dead.id)
    engine.move_clock(29 * 86400)
    assert sweep(sweeper, lambda: 30.0)["pruned"] == 0
    engine.move_clock(2 * 86400)
    assert sweep(sweeper, lambda: 30.0)["pruned"] == 1
    left = engine.db.connection().execute("SELECT DISTINCT task_id FROM agent_task_events").fetchall()
    assert [row["task_id"] for row in left] == [dead.id]


def test_a_finished_child_is_kept_for_as_long_as_its_parent_waits(engine: Engine, sweeper: Sweeper) -> None:
    parent = engine.submit("test.family", {"children": [{}, {}]})
    engine.run(parent.id)
    kid, _ = [wake.task_id for wake in engine.queue.sent if wake.task_id != parent.id]
    engine.run(kid)
    engine.move_clock(31 * 86400)
    assert sweep(sweeper, lambda: 30.0)["pruned"] == 0
    assert engine.task(kid).status is Status.COMPLETED


def test_a_child_that_the_sweeper_finds_dead_resumes_its_parent(engine: Engine, sweeper: Sweeper) -> None:
    from orchestrator.store import attempts

    parent = engine.submit("test.family", {"children": [{}]})
    engine.run(parent.id)
    connection = engine.db.connection()
    connection.execute("UPDATE agent_tasks SET max_attempts = 1 WHERE parent_id = %s", (parent.id,))
    (kid,) = connection.execute("SELECT id FROM agent_tasks WHERE parent_id = %s", (parent.id,)).fetchall()
    engine.db.run(attempts.claim, [kid["id"]], worker="dies", lease=10, alone=True)
    engine.move_clock(200)
    engine.queue.sent.clear()
    sweep(sweeper, lambda: 60.0)
    assert engine.queue.ids == [parent.id]


def park(engine: Engine, owners: Sequence[str]) -> list[UUID]:
    ids = [engine.submit(owner=owner).id for owner in owners]
    engine.db.connection().execute("UPDATE agent_tasks SET parked_by = 'task.test.effect', wake_at = NULL")
    return ids


def test_a_flag_that_is_on_again_lets_go_so_many_a_round(
    engine: Engine, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "UNPARK_RATE", 2)
    ids = park(engine, ["1"] * 5)
    assert [swept(engine, sweeper) for _ in range(4)] == [ids[:2], ids[2:4], ids[4:], []]


def test_a_task_with_a_free_slot_does_not_wait_behind_those_without(
    engine: Engine, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "PAGE", 2)
    monkeypatch.setattr(engine.flags, "enabled", lambda _, owner: owner == "2")
    ids = park(engine, ["1", "1", "1", "1", "2"])
    assert swept(engine, sweeper) == ids[4:]


def test_the_flags_are_kept_for_a_start_while_appconfig_is_away(engine: Engine, sweeper: Sweeper) -> None:
    worker = engine.database("worker")
    assert worker.run(flag_snapshot.load_flags) is None
    for off in ({"task.test.effect"}, set(), {"insight", "task.echo"}):
        engine.flags.off = set(off)
        sweep(sweeper, lambda: 30.0)
        assert worker.run(flag_snapshot.load_flags) == {name: {"default": False} for name in off}
