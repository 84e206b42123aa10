"""The conditions that every history meets once its world has no fault any more."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from tests.simulation import watchers
from tests.simulation.agents.sim_work import CALLS
from tests.simulation.world import World

FINAL = {"completed", "failed", "dead-letter", "cancelled"}
#: Virtual seconds until everything is over once the world is well: a schedule, backoffs, and a wake-up lost many times.
PATIENCE = 12 * 3600.0
#: Events by which an attempt came to its end without costing anything.
FREE = {"released", "parked", "waiting", "continued"}


def settle(world: World) -> None:
    """Remove every fault and run the world until it is quiet. Raise AssertionError if that takes over `PATIENCE`."""
    world.flags.off.clear()
    world.queue.mood = world.dead_letters.mood = "well"
    world.sockets.mood = "well"
    end = world.seconds() + PATIENCE
    while True:
        world.sweep()
        while world.deliver(10):
            world.advance(0.1)
        pending = world.rows(
            "SELECT min(wake_at) AS wake FROM agent_tasks WHERE finished_at IS NULL OR wake_at IS NOT NULL"
            " HAVING count(*) > 0"
        )
        if not pending and not world.queue.queued_messages:
            break
        assert world.seconds() < end, f"starved: {_unfinished(world)}"
        times = [row["wake"].timestamp() for row in pending if row["wake"] is not None]
        times += [queued.visible for queued in world.queue.queued_messages.values()]
        world.advance(max(min(times, default=0) - world.seconds(), 30.0))
    world.push()
    watchers.ping_all(world.db, world.sockets)


def check(world: World, accepted: set[UUID]) -> None:
    tasks = world.rows("SELECT * FROM agent_tasks ORDER BY id")
    assert accepted <= {task["id"] for task in tasks}, "an accepted task is lost"
    effects = _by_task(world, "SELECT task_id, what FROM ledger")
    history = _by_task(world, "SELECT * FROM agent_task_events ORDER BY task_id, seq")
    steps = _by_task(world, "SELECT * FROM agent_task_steps")
    queued_messages = {(queued.task_id, queued.dead_seq) for queued in world.dead_letters.queued_messages.values()}
    waits = _by_task(world, "SELECT * FROM agent_waits")
    for task in tasks:
        assert task["status"] in FINAL, task
        _check_effects(task, effects[task["id"]], steps[task["id"]])
        _check_history(task, history[task["id"]])
        _check_revivals(world, history[task["id"]])
        _check_answer(task, history[task["id"]], waits[task["id"]])
        _check_family(task, [child for child in tasks if child["parent_id"] == task["id"]])
        if task["status"] == "dead-letter":
            assert (task["id"], task["seq"]) in queued_messages, f"no message in the dead-letter queue for {task}"
            assert task["wake_at"] is None
        assert watchers.complete(world.sockets.seen[task["id"]], task["seq"]), "a watcher missed something"


def _check_effects(task: dict[str, Any], effects: list[dict[str, Any]], steps: list[dict[str, Any]]) -> None:
    result = task["result"] or {}
    leaves_effect = task["status"] == "completed" and result.get("word") != "effectless"
    assert len(effects) == leaves_effect, f"{len(effects)} effects of {task}"
    recorded = {step["name"]: step["result"] for step in steps if not step["name"].startswith(("gather:", "sleep:"))}
    if recorded:
        assert recorded["call"] <= CALLS[f"{task['id']}:call"]
        assert result.get("called", recorded["call"]) in (recorded["call"], None)


def _check_history(task: dict[str, Any], events: list[dict[str, Any]]) -> None:
    assert [event["seq"] for event in events] == list(range(1, task["seq"] + 1)), "seq has a gap"
    assert events[-1]["status"] == task["status"]
    assert events[-1]["attempts"] == task["attempts"] <= task["max_attempts"]
    started = spent = 0
    for event in events:
        match event["kind"]:
            case "started":
                started = event["attempts"]
                assert started == spent + 1, f"an attempt was not numbered: {[e['kind'] for e in events]}"
            case "retrying" | "dead-letter":
                spent += 1
            case "lease-lost":
                spent = event["attempts"]
            case "redriven":
                spent = 0
            case kind if kind in FREE:
                assert event["attempts"] == spent, f"{kind} cost an attempt"
        assert spent <= task["max_attempts"]
    assert sum(event["status"] in FINAL for event in events) == 1 + sum(
        event["kind"] in ("redriven", "discarded") for event in events
    ), "more than one end"


def _check_revivals(world: World, events: list[dict[str, Any]]) -> None:
    """Only a message from the dead-letter queue redrives a task, and only the dead letter that it names."""
    for event in events:
        if event["kind"] == "redriven" and event["data"]["by"] == "queue redrive":
            assert (event["task_id"], event["seq"] - 1) in world.dead_letters.moved, "revived by a late wake-up"


def _check_answer(task: dict[str, Any], events: list[dict[str, Any]], waits: list[dict[str, Any]]) -> None:
    """One signal of a name at most counts, and a completed handler has acted on the one that is stored."""
    assert sum(event["kind"] == "signal" for event in events) == sum(wait["answered_at"] is not None for wait in waits)
    if task["type"] == "sim.waits" and task["status"] == "completed":
        (wait,) = waits
        assert task["result"]["answer"] == wait["value"], "the handler acted on another answer than the stored one"


def _check_family(task: dict[str, Any], children: list[dict[str, Any]]) -> None:
    spawned = [child for child in children if child["gather"] is None]
    wanted = task["status"] == "completed" and task["payload"].get("spawn") and task["result"]["word"] != "effectless"
    assert len(spawned) == bool(wanted), "a spawned child without its parent's commit, or the other way round"
    if task["type"] != "sim.family" or task["status"] != "completed":
        return
    asked = task["payload"]["children"]
    joined = [child for child in children if child["gather"] == "kids"]
    assert len(joined) == len(asked), "children missing or doubled"
    over = [status for status in task["result"]["done"] if status in FINAL]
    needed = min(task["payload"]["quorum"] or len(asked), len(asked))
    assert len(over) >= needed or task["result"]["timedOut"], "joined too early"


def _by_task(world: World, sql: str) -> defaultdict[UUID, list[dict[str, Any]]]:
    found: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in world.rows(sql):
        found[row["task_id"]].append(row)
    return found


def _unfinished(world: World) -> list[dict[str, Any]]:
    return world.rows(
        "SELECT id, type, status, attempts, due_at, wake_at, leased_until, parked_by, waiting_for, awaits, resends"
        " FROM agent_tasks WHERE finished_at IS NULL OR wake_at IS NOT NULL"
    )
