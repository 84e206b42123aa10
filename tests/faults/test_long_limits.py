"""Keyed limits of agents in the lane `long`, whose attempts run side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.execution.worker import Worker
from tests.faults.test_long_lane import outcomes, running, wait_until
from tests.support.engine import Engine
from tests.support.model_server import ModelServer

KIND = "test.thinkMetered"


@pytest.fixture
def worker(engine: Engine) -> Worker:
    return engine.long_worker()


def rows(engine: Engine, statement: str) -> list[dict[str, Any]]:
    return engine.db.connection().execute(statement).fetchall()


def counted(engine: Engine) -> list[tuple[UUID, int]]:
    """Return the task and token of each attempt that the limit counts."""
    found = rows(engine, "SELECT task_id, token FROM agent_limit_uses WHERE ended_at IS NULL ORDER BY task_id")
    return [(each["task_id"], each["token"]) for each in found]


def test_a_limit_bounds_the_attempts_of_the_long_lane(engine: Engine, worker: Worker) -> None:
    with ModelServer() as model:
        ids = sorted(engine.submit(KIND, {"url": f"{model.url}/later"}).id for _ in range(3))
        engine.queue.sent.clear()
        with running(engine, worker, *ids) as back:
            model.wait_for_calls(2)
            assert counted(engine) == [(id, engine.row(id)["token"]) for id in ids[:2]]
            assert [each["task_id"] for each in rows(engine, "SELECT task_id FROM agent_limit_waits")] == [ids[2]]
            assert [engine.row(id)["alone"] for id in ids[:2]] == [False, False]
            model.release.set()
        assert back == [[]]
        assert outcomes(engine, ids) == [("completed", 1, 0)] * 2 + [("pending", 0, 0)]
        assert counted(engine) == []
        sent = [(message.task_id, message.type) for message in engine.queue.sent]
        assert sent == [(ids[2], KIND)]
        assert engine.run(ids[2], worker=worker, remaining=600.0) == []
    assert outcomes(engine, ids) == [("completed", 1, 0)] * 3
    assert model.most == 2


def test_room_is_free_as_soon_as_an_attempt_ends(engine: Engine, worker: Worker) -> None:
    """One attempt of the invocation ends; the other one goes on, and the waiting task gets its message."""
    with ModelServer() as model:
        first, second, third = sorted(engine.submit(KIND, {"url": f"{model.url}/later"}).id for _ in range(3))
        engine.db.connection().execute(
            "UPDATE agent_tasks SET payload = jsonb_build_object('url', %s::text) WHERE id = %s", (model.url, first)
        )
        engine.queue.sent.clear()
        with running(engine, worker, first, second, third):
            wait_until(lambda: [message.task_id for message in engine.queue.sent] == [third])
            assert engine.task(second).status.value == "processing"
            model.release.set()
    assert outcomes(engine, [first, second, third]) == [("completed", 1, 0)] * 2 + [("pending", 0, 0)]


def test_a_suspected_task_leaves_the_room_of_limited_ones(engine: Engine, worker: Worker) -> None:
    """It runs without others: their messages return at once, and no limit counts them."""
    with ModelServer() as model:
        suspect = engine.submit("test.think", {"url": model.url}).id
        limited = engine.submit(KIND, {"url": model.url}).id
        engine.db.connection().execute("UPDATE agent_tasks SET suspect = true WHERE id = %s", (suspect,))
        assert engine.run(limited, suspect, worker=worker, remaining=600.0) == [str(limited)]
        assert outcomes(engine, [suspect, limited]) == [("completed", 1, 1), ("pending", 0, 0)]
        assert rows(engine, "SELECT FROM agent_limit_uses") == []
        assert engine.run(limited, worker=worker, remaining=600.0) == []
    assert outcomes(engine, [limited]) == [("completed", 1, 0)]
