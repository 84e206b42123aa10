"""An owner reads the reason for which a task waits: in sentences, with moments, without anything of others."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator.engine.waiting import reasons
from orchestrator.engine.waiting.reasons import WaitReason, wait_reason
from tests.support.engine import Engine


def reason_of(engine: Engine, task_id: UUID, owner: str = "1") -> WaitReason:
    found = wait_reason(engine.db, engine.agents, engine.flags, owner, task_id)
    assert found is not None
    return found


def test_a_due_task_is_next_in_line_or_late(engine: Engine) -> None:
    task = engine.submit()
    found = reason_of(engine, task.id)
    assert (found.reason, found.until, found.act) == ("turn", None, None)
    assert found.sentence == "It is next in line and usually starts within a few seconds."
    assert found.since == task.due_at
    engine.move_clock(reasons.LONG_TURN + 1)
    assert reason_of(engine, task.id).sentence == "There is more to do than usual. It starts by itself."


@pytest.mark.parametrize(
    ("by", "sentence", "act"),
    [
        ("owner", "It waits for your answer.", "answer"),
        (["1", "2"], "It waits for your answer.", "answer"),
        (["2"], "It waits for somebody else's answer.", None),
        ("operator", "It waits for an answer from our team.", None),
    ],
)
def test_a_question_says_whose_answer_is_missing(
    engine: Engine, by: str | list[str], sentence: str, act: str | None
) -> None:
    engine.move_clock(0)
    task = engine.submit("test.waits", {"do": "approve", "by": by, "seconds": 600})
    engine.run(task.id)
    found = reason_of(engine, task.id)
    assert (found.reason, found.sentence, found.act) == ("answer", sentence, act)
    assert found.until is not None
    assert (found.until - found.since).total_seconds() == pytest.approx(600, abs=1)
    engine.move_clock(601)
    assert reason_of(engine, task.id).reason == "turn", "an expired question is no longer asked"


def test_a_join_counts_the_parts_that_are_done(engine: Engine) -> None:
    parent = engine.submit("test.family", {"children": [{}, {}, {}]})
    engine.run(parent.id)
    children = [sent.task_id for sent in engine.queue.sent if sent.task_id != parent.id]
    engine.run(children[0])
    found = reason_of(engine, parent.id)
    assert (found.reason, found.sentence, found.act) == (
        "children",
        "1 of 3 parts are done; it waits for the rest.",
        "details",
    )
    assert wait_reason(engine.db, engine.agents, engine.flags, "1", children[0]) is None, "it is over"


def test_a_failed_attempt_is_tried_again(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit("test.odd", {"do": "outside"})
    engine.run(task.id)
    found = reason_of(engine, task.id)
    assert (found.reason, found.act) == ("retry", None)
    assert found.sentence == "Attempt 1 of 3 did not work. It is tried again by itself."
    assert found.until is not None
    assert found.until > found.since


def test_a_time_that_has_not_come(engine: Engine) -> None:
    later = datetime(2100, 1, 1, tzinfo=UTC)
    planned = reason_of(engine, engine.submit(schedule_at=later).id)
    assert (planned.reason, planned.until) == ("schedule", later)
    assert planned.sentence == "It has not started; it starts by itself at its time."
    asleep = engine.submit("test.waits", {"do": "sleep", "seconds": 60})
    engine.run(asleep.id)
    assert reason_of(engine, asleep.id).sentence == "It waits for its time and goes on by itself."


def test_a_paused_type_keeps_the_task(engine: Engine) -> None:
    task = engine.submit()
    engine.flags.off = {"task.test.effect"}
    paused = reason_of(engine, task.id)
    assert (paused.reason, paused.sentence) == (
        "flag",
        "Requests of this kind are paused by us. Your request is kept and goes on by itself.",
    )
    engine.run(task.id)
    assert reason_of(engine, task.id).reason == "flag"
    engine.flags.off = set()
    assert reason_of(engine, task.id).sentence == "It was paused by us. It starts soon, after those paused before it."


def test_a_limit_counts_the_owner_s_tasks_before(engine: Engine) -> None:
    running, second, third = (engine.submit("test.limited") for _ in range(3))
    foreign = engine.submit("test.limited", owner="2")
    engine.db.connection().execute(
        "UPDATE agent_tasks SET status = 'processing', token = 1, attempts = 1, leased_by = 'w-1',"
        " started_at = task_now(), leased_until = task_now() + interval '1 hour' WHERE id = ANY(%s)",
        ([running.id, foreign.id],),
    )
    assert wait_reason(engine.db, engine.agents, engine.flags, "1", running.id) is None, "it runs"
    assert reason_of(engine, second.id).reason == "limit"
    assert reason_of(engine, second.id).sentence == "One of your requests of this kind runs already."
    assert reason_of(engine, third.id).sentence == "One of your requests of this kind runs already; one starts first."


def test_another_owner_reads_nothing(engine: Engine) -> None:
    task = engine.submit()
    assert wait_reason(engine.db, engine.agents, engine.flags, "2", task.id) is None
