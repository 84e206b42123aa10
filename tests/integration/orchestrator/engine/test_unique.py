"""One unfinished task of an owner, a type and a key; each rule for a submit that finds the key taken."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.submit import Submitted, TaskRequest, submit
from orchestrator.engine.unique import Debounce, Rule, Unique, UniqueKey, debounce, key_text
from orchestrator.model.errors import Conflict, InvalidInput, KeyReused
from orchestrator.model.states import Status
from orchestrator.store import unique as store
from tests.support.agents.test_noop import Anything
from tests.support.engine import Engine


def ask(engine: Engine, rule: Rule = "return", key: str = "k", **order: Any) -> Submitted:
    """Submit a `test.noop` with a unique key."""
    values: dict[str, Any] = {"owner": "1", "type": "test.noop", "payload": {}, "by_user": False, **order}
    return submit(engine.db, engine.queue, engine.agents, TaskRequest(**values, unique=UniqueKey(key, rule)))


def debounced(engine: Engine, version: int, **order: Any) -> Submitted:
    values: dict[str, Any] = {"owner": "1", "payload": {"topic": "t", "version": version}, **order}
    return submit(engine.db, engine.queue, engine.agents, TaskRequest(type="test.debounced", **values))


def test_an_unfinished_task_is_the_answer(engine: Engine) -> None:
    first, again = ask(engine), ask(engine, payload={"other": 1})
    assert (first.created, again.created) == (True, False)
    assert again.task.id == first.task.id
    assert engine.queue.ids == [first.task.id]
    engine.run(first.task.id)
    assert ask(engine).created


def test_the_key_is_of_one_owner_one_type_and_one_text(engine: Engine) -> None:
    ask(engine)
    assert ask(engine, owner="2").created
    assert ask(engine, key="other").created
    assert ask(engine, type="test.effect").created


@pytest.mark.parametrize("end", ["completed", "failed", "dead-letter", "cancelled"])
def test_every_end_frees_the_key(engine: Engine, end: str) -> None:
    do = {"completed": "succeed", "failed": "refuse", "dead-letter": "raise"}.get(end, "succeed")
    first = ask(engine, type="test.effect", payload={"do": do}, max_attempts=1).task
    if end == "cancelled":
        ask(engine, "replace", type="test.effect")  # not started: the same row
        engine.db.connection().execute("UPDATE agent_tasks SET started_at = created_at")
        second = ask(engine, "replace", type="test.effect")
    else:
        engine.run(first.id)
        second = ask(engine, type="test.effect")
    assert engine.task(first.id).status.value == end
    assert second.created


def test_reject_names_the_task_that_is_there(engine: Engine) -> None:
    first = ask(engine, "reject").task
    with pytest.raises(Conflict, match=str(first.id)) as refused:
        ask(engine, "reject")
    assert refused.value.code == "not_unique"
    engine.run(first.id)
    assert ask(engine, "reject").created


def test_replace_gives_a_waiting_task_the_newest_payload(engine: Engine) -> None:
    first = ask(engine, "replace", payload={"n": 1}).task
    again = ask(engine, "replace", payload={"n": 2})
    assert (again.created, again.task.id, again.task.payload) == (False, first.id, {"n": 2})
    assert engine.queue.ids == [first.id]
    engine.run(first.id)
    assert engine.task(first.id).result == {"n": 2}
    assert engine.kinds(first.id) == ["submitted", "renewed", "started", "completed"]


def test_replace_cancels_a_task_that_has_started_with_its_children(engine: Engine) -> None:
    first = ask(engine, "replace", type="test.family", payload={"children": [{}]}).task
    engine.run(first.id)
    second = ask(engine, "replace", type="test.family", payload={"children": []})
    assert second.created
    assert engine.task(first.id).status is Status.CANCELLED
    rows = engine.db.connection().execute("SELECT status FROM agent_tasks WHERE parent_id = %s", (first.id,)).fetchall()
    assert [row["status"] for row in rows] == ["cancelled"]


def test_replace_makes_a_scheduled_task_due_and_sends_its_message(engine: Engine) -> None:
    engine.move_clock(0)
    assert engine.now is not None
    later = engine.now.replace(year=engine.now.year + 1)
    first = ask(engine, "replace", schedule_at=later).task
    assert engine.queue.ids == []
    ask(engine, "replace")
    assert engine.queue.ids == [first.id]
    engine.run(first.id)
    assert engine.task(first.id).status is Status.COMPLETED


def test_debounce_waits_for_a_pause_and_no_longer_than_its_maximum(engine: Engine) -> None:
    engine.move_clock(0)
    start = engine.now
    assert start is not None
    first = debounced(engine, 0).task
    assert engine.queue.sent[-1].delay == 10
    for version in range(1, 5):
        engine.move_clock(8)
        again = debounced(engine, version).task
        waited = (engine.row(first.id)["due_at"] - start).total_seconds()
        assert (again.id, waited) == (first.id, min(8 * version + 10, 30, 30) if version < 4 else 32)
        engine.run(first.id)  # the first message comes back until the task is due
    assert engine.task(first.id).result == {"version": 4}
    assert len(engine.queue.sent) == 1


def test_a_debounced_task_that_has_started_is_followed_by_another(engine: Engine) -> None:
    engine.move_clock(0)
    first = debounced(engine, 1).task
    engine.move_clock(10)
    engine.db.connection().execute(
        "UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = task_now() + interval '1 hour'"
    )
    second = debounced(engine, 2)
    assert second.created
    assert engine.task(first.id).status is Status.PROCESSING
    assert debounced(engine, 3).task.id == second.task.id
    assert engine.task(second.task.id).payload["version"] == 3


def test_a_task_submits_its_own_successor(engine: Engine) -> None:
    engine.move_clock(0)
    first = debounced(engine, 1, payload={"topic": "t", "version": 1, "again": True}).task
    engine.move_clock(10)
    engine.queue.sent.clear()
    engine.run(first.id)
    (message,) = engine.queue.sent
    successor = engine.row(message.task_id)
    assert (message.delay, successor["unique_key"], successor["parent_id"]) == (10, "t", None)
    assert debounced(engine, 9).task.id == message.task_id


def test_a_payload_without_a_key_is_not_unique(engine: Engine) -> None:
    tasks = {debounced(engine, 1, payload={"topic": None}).task.id for _ in range(3)}
    assert len(tasks) == 3


def test_an_idempotency_key_gives_the_same_task_even_after_its_end(engine: Engine) -> None:
    first = ask(engine, idempotency_key="a").task
    assert ask(engine, idempotency_key="b").task.id == first.id
    engine.run(first.id)
    for key in ("a", "b"):
        assert ask(engine, idempotency_key=key).task.id == first.id
    with pytest.raises(KeyReused):
        ask(engine, idempotency_key="b", payload={"other": 1})
    assert ask(engine, idempotency_key="c").created


def test_old_idempotency_keys_are_pruned(engine: Engine) -> None:
    ask(engine, idempotency_key="a")
    ask(engine, idempotency_key="b")
    engine.db.run(store.prune_keys, 30)
    assert engine.db.connection().execute("SELECT FROM agent_task_keys").rowcount == 1
    engine.move_clock(31 * 86_400)
    engine.db.run(store.prune_keys, 30)
    assert engine.db.connection().execute("SELECT FROM agent_task_keys").rowcount == 0


def test_a_caller_cannot_set_the_key_of_a_type_that_has_its_own(engine: Engine) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(engine, type="test.debounced")
    assert [fault.field for fault in refused.value.faults] == ["unique"]


def test_a_redriven_task_does_not_take_the_key_from_a_later_one(engine: Engine) -> None:
    from orchestrator.store import dead_letters

    first = ask(engine, type="test.effect", payload={"do": "raise"}, max_attempts=1).task
    engine.run(first.id)
    ask(engine, type="test.effect")
    seq = engine.task(first.id).seq
    assert engine.db.run(dead_letters.redrive_one, first.id, seq, "op")
    assert engine.row(first.id)["unique_key"] is None


@pytest.mark.parametrize("rule", ["sometimes", "debounce"])
def test_a_rule_that_does_not_exist_is_refused(rule: Any) -> None:
    with pytest.raises(ValueError, match="is no rule"):
        agent("test.other", payload=Anything, unique=Unique(str, rule))


def test_bounds_that_make_no_sense_are_refused() -> None:
    for seconds, most in ((0, None), (10, 5)):
        with pytest.raises(ValueError, match="debounce needs"):
            debounce(seconds, max=most)
    with pytest.raises(ValueError, match="cannot replace"):
        agent("test.other", payload=Anything, for_good=True, unique=Unique(str, "replace"))


def test_a_function_alone_is_the_key_with_the_rule_return() -> None:
    @agent("test.other", payload=Anything, unique=lambda payload: payload.city)
    def handler(ctx: Context, payload: Anything) -> dict[str, Any]:
        return {}

    declared = vars(handler)["__agent__"].unique
    assert declared.of(Anything.model_validate({"city": "Rome"})) == UniqueKey("Rome", "return")
    assert debounce("1m", 120) == Debounce(60.0, 120.0)


@pytest.mark.parametrize(("key", "text"), [("a", "a"), (7, "7"), (("a", 1), "a:1")])
def test_a_key_is_stored_as_text(key: object, text: str) -> None:
    assert key_text(key) == text


@pytest.mark.parametrize("key", ["", "x" * 201, "nul \x00", "line\n", "\ud800"])
def test_a_key_that_cannot_be_stored_is_hashed(key: str) -> None:
    assert key_text(key).startswith("sha256:")
    assert key_text(key) != key_text(key + "1")
