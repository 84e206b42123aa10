"""One attempt after another: the test checks the status of the task, and that each effect happens once."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest

from orchestrator.http.serializers import task_view
from orchestrator.model import outcome
from orchestrator.model.json_encoding import encode_json, sent_size
from orchestrator.model.states import Status
from orchestrator.model.task import INTERNAL_ERROR
from tests.support.engine import Engine


def test_a_task_runs_to_completion_with_its_effect(engine: Engine) -> None:
    task = engine.submit()
    assert engine.queue.ids == [task.id]
    assert engine.run(task.id) == []
    done = engine.task(task.id)
    assert (done.status, done.attempts, done.result) == (Status.COMPLETED, 1, {"attempt": 1, "flag": True})
    assert engine.effects(task.id) == 1
    assert engine.kinds(task.id) == ["submitted", "started", "completed"]
    assert engine.row(task.id)["wake_at"] is None


def test_a_batch_commits_every_task_with_its_own_effect(engine: Engine) -> None:
    tasks = [engine.submit() for _ in range(5)] + [engine.submit("test.noop", {"n": n}) for n in range(5)]
    assert engine.run(*[task.id for task in tasks]) == []
    assert {engine.task(task.id).status for task in tasks} == {Status.COMPLETED}
    assert [engine.effects(task.id) for task in tasks] == [1] * 5 + [0] * 5


def test_a_duplicate_message_changes_nothing(engine: Engine) -> None:
    task = engine.submit()
    engine.run(task.id)
    assert engine.run(task.id) == []
    assert engine.effects(task.id) == 1
    assert engine.task(task.id).attempts == 1


def test_a_duplicate_in_one_batch_runs_once(engine: Engine) -> None:
    task = engine.submit()
    assert engine.run(task.id, task.id) == []
    assert engine.effects(task.id) == 1


def test_a_refusal_is_final_and_leaves_no_effect(engine: Engine) -> None:
    task = engine.submit(payload={"do": "refuse"})
    assert engine.run(task.id) == []
    done = engine.task(task.id)
    assert (done.status, done.attempts) == (Status.FAILED, 1)
    assert task_view(done)["error"] == "You may not do this."
    assert engine.effects(task.id) == 0


def test_a_transient_failure_is_retried_with_jitter_and_keeps_its_error(engine: Engine) -> None:
    task = engine.submit(payload={"do": "raise", "times": 1})
    assert engine.run(task.id) == [str(task.id)]
    waiting = engine.task(task.id)
    assert (waiting.status, waiting.attempts) == (Status.PENDING, 1)
    assert 0 <= engine.queue.hidden[str(task.id)] <= 2
    assert task_view(waiting)["error"] == INTERNAL_ERROR
    assert engine.row(task.id)["error"]["message"] == "secret detail 42"
    engine.move_clock(10)
    assert engine.run(task.id) == []
    assert engine.task(task.id).result["attempt"] == 2
    assert engine.effects(task.id) == 1
    assert engine.row(task.id)["error"] is None
    assert engine.kinds(task.id) == ["submitted", "started", "retrying", "started", "completed"]


def test_used_up_attempts_make_a_dead_letter_whose_message_is_sent(engine: Engine) -> None:
    task = engine.submit(payload={"do": "raise"}, max_attempts=2)
    engine.run(task.id)
    engine.move_clock(10)
    assert engine.run(task.id) == []
    dead = engine.task(task.id)
    assert (dead.status, dead.attempts) == (Status.DEAD_LETTER, 2)
    assert engine.dead_letters.ids == [task.id]
    assert engine.row(task.id)["wake_at"] is None
    assert engine.effects(task.id) == 0


def test_retry_after_spends_no_attempt(engine: Engine) -> None:
    task = engine.submit(payload={"do": "retry", "seconds": 30}, max_attempts=1)
    for _ in range(3):
        assert engine.run(task.id) == [str(task.id)]
        assert engine.queue.hidden[str(task.id)] == 30
        assert engine.task(task.id).attempts == 0
        engine.move_clock(31)


def test_a_task_that_is_not_due_stays_hidden_and_spends_nothing(engine: Engine) -> None:
    task = engine.submit(payload={"do": "retry", "seconds": 30, "times": 1})
    engine.run(task.id)
    assert engine.run(task.id) == [str(task.id)]
    assert 29 <= engine.queue.hidden[str(task.id)] <= 30
    assert engine.kinds(task.id) == ["submitted", "started", "released"]


def test_one_bad_task_does_not_touch_its_batch(engine: Engine) -> None:
    good = [engine.submit() for _ in range(4)]
    bad = engine.submit(payload={"do": "abort-transaction"})
    worse = engine.submit(payload={"do": "bad-result"})
    ids = [good[0].id, bad.id, good[1].id, worse.id, good[2].id, good[3].id]
    assert set(engine.run(*ids)) == {str(bad.id), str(worse.id)}
    assert [engine.effects(task.id) for task in good] == [1] * 4
    assert [engine.task(task.id).attempts for task in good] == [1] * 4
    assert engine.effects(bad.id) == engine.effects(worse.id) == 0


def test_a_zombie_changes_nothing(engine: Engine) -> None:
    """A worker that was away too long comes back and finds its token worthless."""
    from orchestrator.store import attempts

    task = engine.submit()
    (stale,) = engine.db.run(attempts.claim, [task.id], worker="zombie", lease=10, alone=True)
    engine.move_clock(11)
    assert engine.run(task.id) == []
    assert engine.task(task.id).result["attempt"] == 2
    assert engine.db.run(attempts.finish, [outcome.completed(stale.id, stale.token, {"from": "zombie"})]) == []
    assert engine.task(task.id).result["attempt"] == 2
    assert engine.effects(task.id) == 1


def test_a_lease_lost_in_a_batch_costs_nothing_and_the_next_run_is_isolated(engine: Engine) -> None:
    from orchestrator.store import attempts

    one, two = engine.submit(), engine.submit()
    engine.db.run(attempts.claim, [one.id, two.id], worker="dies", lease=10, alone=False)
    engine.move_clock(11)
    assert engine.run(one.id, two.id) == []
    assert engine.task(one.id).attempts == engine.task(two.id).attempts == 1
    assert engine.kinds(one.id) == ["submitted", "lease-lost", "started", "completed"]
    assert engine.row(one.id)["suspect"] is False


def test_dying_alone_spends_attempts_until_it_is_a_dead_letter(engine: Engine) -> None:
    from orchestrator.store import attempts

    task = engine.submit(max_attempts=2)
    for _ in range(2):
        engine.move_clock(11)
        engine.db.run(attempts.end_leases, [task.id])
        assert len(engine.db.run(attempts.claim, [task.id], worker="dies", lease=10, alone=True)) == 1
    engine.move_clock(11)
    assert engine.run(task.id) == []
    assert engine.task(task.id).status is Status.DEAD_LETTER
    assert engine.dead_letters.ids == [task.id]


def test_tasks_that_cannot_start_in_time_go_back_at_once(engine: Engine) -> None:
    task = engine.submit()
    assert engine.run(task.id, remaining=5) == [str(task.id)]
    assert engine.queue.hidden[str(task.id)] == 0
    assert engine.task(task.id).attempts == 0


def test_a_hanging_handler_is_stopped(engine: Engine) -> None:
    task = engine.submit(payload={"do": "hang", "times": 1})
    object.__setattr__(engine.agents.get("test.effect"), "timeout", 0.2)
    try:
        assert engine.run(task.id) == [str(task.id)]
    finally:
        object.__setattr__(engine.agents.get("test.effect"), "timeout", 20.0)
    assert engine.row(task.id)["error"]["kind"] == "timeout"
    assert engine.effects(task.id) == 0


def test_a_message_for_no_task_is_done_with(engine: Engine) -> None:
    assert engine.run(uuid4()) == []


def test_a_parked_type_waits_and_loses_nothing(engine: Engine) -> None:
    task = engine.submit()
    engine.flags.off.add("task.test.effect")
    assert engine.run(task.id) == []
    row = engine.row(task.id)
    assert (row["status"], row["attempts"], row["parked_by"]) == ("pending", 0, "task.test.effect")


def test_flag_values_are_those_of_the_first_attempt(engine: Engine) -> None:
    task = engine.submit(payload={"do": "raise", "times": 1})
    engine.flags.pins["test_flag"] = False
    engine.run(task.id)
    engine.flags.pins["test_flag"] = True
    engine.move_clock(10)
    engine.run(task.id)
    assert engine.task(task.id).result["flag"] is False


def test_an_often_received_message_is_replaced(engine: Engine) -> None:
    task = engine.submit(payload={"do": "retry", "seconds": 30})
    engine.queue.sent.clear()
    assert engine.run(task.id, receives=20) == []
    assert [(wake.task_id, wake.delay) for wake in engine.queue.sent] == [(task.id, 30)]
    waits_long = engine.submit(payload={"do": "retry", "seconds": 901})
    engine.queue.sent.clear()
    assert engine.run(waits_long.id, receives=20) == [str(waits_long.id)], "no message can be delayed so long"
    assert engine.queue.sent == []


def test_a_stale_duplicate_does_not_redrive_a_dead_letter_but_a_redriven_message_does(engine: Engine) -> None:
    task = engine.submit(payload={"do": "raise", "times": 1}, max_attempts=1)
    engine.run(task.id)
    dead_ms = engine.row(task.id)["dead_at"].timestamp() * 1000
    assert engine.run(task.id, sent_ms=dead_ms - 5) == []
    assert engine.task(task.id).status is Status.DEAD_LETTER
    engine.run(task.id, sent_ms=dead_ms + 5)
    redriven = engine.task(task.id)
    assert (redriven.status, redriven.attempts) == (Status.DEAD_LETTER, 1)
    assert engine.kinds(task.id).count("redriven") == 1


def test_a_limited_type_runs_one_at_a_time_per_owner(engine: Engine) -> None:
    from orchestrator.store import attempts

    first, second = engine.submit("test.limited"), engine.submit("test.limited")
    other = engine.submit("test.limited", owner="2")
    sight = engine.db.run(attempts.find_unclaimed, [first.id])[first.id]
    (claimed,) = engine.db.run(attempts.claim_limited, sight, worker="w", lease=60, paused_types=[], limit=1)
    engine.queue.sent.clear()
    assert engine.run(second.id, other.id) == []
    assert engine.task(second.id).status is Status.PENDING
    assert engine.task(other.id).status is Status.COMPLETED
    engine.db.run(attempts.finish, [outcome.completed(claimed.id, claimed.token, {})])
    third = engine.submit("test.limited", owner="1")
    engine.run(second.id, third.id)
    assert engine.task(second.id).status is engine.task(third.id).status is Status.COMPLETED


def test_a_result_that_is_too_large_is_a_failure(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fits, too_large = engine.submit(), engine.submit()
    size = sent_size(encode_json({"attempt": 1, "flag": True}))
    monkeypatch.setattr(outcome, "LARGEST_RESULT", size)
    engine.run(fits.id)
    monkeypatch.setattr(outcome, "LARGEST_RESULT", size - 1)
    engine.run(too_large.id)
    assert [engine.task(task.id).status for task in (fits, too_large)] == [Status.COMPLETED, Status.PENDING]
    assert engine.effects(too_large.id) == 0


@pytest.mark.parametrize(("seconds", "comes_back"), [(43_200, True), (43_201, False)])
def test_a_wait_longer_than_sqs_can_hide_is_left_to_the_sweeper(engine: Engine, seconds: int, comes_back: bool) -> None:
    task = engine.submit(payload={"do": "retry", "seconds": seconds})
    assert engine.run(task.id) == [str(task.id)] * comes_back


@pytest.mark.parametrize(("remaining", "runs"), [(21.9, False), (22.1, True)])
def test_a_handler_starts_only_where_it_could_be_committed_too(engine: Engine, remaining: float, runs: bool) -> None:
    """It may take 20 seconds, and the commit 2."""
    task = engine.submit()
    assert engine.run(task.id, remaining=remaining) == [str(task.id)] * (not runs)
    assert (engine.effects(task.id), engine.task(task.id).attempts) == (runs, runs)


class Longest(random.Random):
    """Always the longest wait there may be."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def test_the_longest_wait_doubles_with_each_attempt(engine: Engine) -> None:
    engine.worker.rng = Longest()
    task = engine.submit(payload={"do": "raise"}, max_attempts=4)
    for seconds in (2, 4, 8):
        assert engine.run(task.id) == [str(task.id)]
        assert engine.queue.hidden[str(task.id)] == seconds
        engine.move_clock(seconds + 1)
