"""The figures operators see: of the moment, with any later end of the tasks, and of the days before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from orchestrator.http.schemas import statistics_responses as answers
from orchestrator.store import attempts, statistics
from orchestrator.store.connection import Connection, connect
from tests.integration.orchestrator.http.test_operator_tasks import kill, submit
from tests.support.engine import Engine
from tests.support.gateway import Caller
from tests.support.shapes import validated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


def stats(operator: Caller) -> answers.Stats:
    answer = operator.get("/ops/stats")
    assert answer.status == 200, answer.text
    return validated(answers.Stats, answer.json())


def fails(engine: Engine, conn: Connection, owner: str = "1") -> UUID:
    """A task whose first attempt has failed; the next is in an hour."""
    task = engine.submit(owner=owner, payload={"do": "raise"}).id
    engine.run(task)
    conn.execute("UPDATE agent_tasks SET due_at = now() + interval '1 hour' WHERE id = %s", (task,))
    return task


def dead(engine: Engine) -> UUID:
    task = engine.submit(payload={"do": "raise"}, max_attempts=1).id
    engine.run(task)
    return task


def test_stats(ann: Caller, ben: Caller, operator: Caller, conn: Connection) -> None:
    submit(ann)
    ben.post(f"/api/tasks/{submit(ben)}/cancel")
    kill(conn, submit(ben))
    ann.post("/api/tasks", {"type": "echo", "scheduleAt": (datetime.now(UTC) + timedelta(days=300)).isoformat()})
    now = stats(operator)
    assert (now["live"]["due"], now["live"]["scheduled"], now["live"]["dead"]) == (1, 1, 1)
    assert (now["window"]["ended"]["cancelled"], now["window"]["ended"]["dead-letter"]) == (1, 1)
    assert now["window"]["failureRate"] == 1.0, "what was cancelled is left out"
    assert [each["type"] for each in now["byType"]] == ["echo"]
    assert now["queue"] is not None
    assert now["queue"]["waiting"] == 3
    assert abs(datetime.fromisoformat(now["at"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_stats_name_the_owner_that_floods(ann: Caller, ben: Caller, operator: Caller) -> None:
    assert stats(operator)["busiest"] is None
    for caller in (ben, ann, ann):
        submit(caller)
    busiest = stats(operator)["busiest"]
    assert busiest == answers.Busiest(owner="1", tasks=2)


def test_failures_that_will_be_tried_again_are_counted_and_grouped(
    engine: Engine, operator: Caller, conn: Connection
) -> None:
    ids = [fails(engine, conn, owner) for owner in ("1", "2", "2")]
    now = stats(operator)
    assert (now["live"]["retrying"], now["live"]["scheduled"], now["window"]["failureRate"]) == (3, 0, 0.0)
    (group,) = now["failing"]
    assert (group["type"], group["count"], group["owners"]) == ("test.effect", 3, 2)
    assert group["example"]["id"] == str(ids[-1])
    assert group["example"]["error"]["message"] == "secret detail 42"
    assert group["firstSeen"] < group["lastSeen"]
    conn.execute("UPDATE agent_tasks SET due_at = now()")
    assert (stats(operator)["live"]["due"], stats(operator)["failing"]) == (3, []), "a retry that is due is due"


def test_a_parent_that_waits_is_counted_with_a_deadline_and_without(
    engine: Engine, operator: Caller, conn: Connection
) -> None:
    for deadline in (None, 3600.0):
        engine.run(engine.submit("test.family", {"children": [{}], "deadline": deadline}).id)
    now = stats(operator)
    assert (now["live"]["waiting"], now["live"]["due"], now["live"]["scheduled"]) == (2, 2, 0)
    conn.execute("UPDATE agent_tasks SET due_at = now() WHERE waiting_for IS NOT NULL AND due_at IS NOT NULL")
    assert (stats(operator)["live"]["waiting"], stats(operator)["live"]["due"]) == (1, 3), "its deadline makes it due"


@pytest.mark.parametrize("deed", ["redrive", "discard"])
def test_a_dead_letter_stays_counted_after_its_task_ends(
    engine: Engine, operator: Caller, conn: Connection, deed: str
) -> None:
    dead(engine)
    engine.run(engine.submit().id)
    before = stats(operator)
    assert (before["window"]["ended"]["dead-letter"], before["window"]["failureRate"]) == (1, 0.5)
    body = {"all": True, "reason": "known"} if deed == "discard" else {"all": True}
    assert len(operator.post(f"/ops/dead-letters/{deed}", body).json()["ids"]) == 1
    after = stats(operator)
    assert after["live"]["dead"] == 0
    assert (after["window"]["ended"]["dead-letter"], after["window"]["failureRate"]) == (1, 0.5)
    assert after["window"]["ended"]["cancelled"] == (1 if deed == "discard" else 0)
    assert sum(point["bad"] for point in after["series"]["points"]) == 1
    assert sum(point["cancelled"] for point in after["series"]["points"]) == after["window"]["ended"]["cancelled"]
    assert sum(point["ended"] for point in after["series"]["points"]) == 2 + after["window"]["ended"]["cancelled"]


def test_an_old_dead_letter_is_not_counted_when_it_is_redriven(
    engine: Engine, operator: Caller, conn: Connection
) -> None:
    task = dead(engine)
    conn.execute(
        "UPDATE agent_tasks SET dead_at = now() - interval '2 hours', finished_at = now() - interval '2 hours'"
    )
    assert operator.post("/ops/dead-letters/redrive", {"ids": [str(task)]}).json()["ids"] == [str(task)]
    assert conn.execute("SELECT FROM occurrences").fetchall() == []


@pytest.mark.parametrize("planned", ["scheduled", "redriven", "unparked"])
def test_a_planned_wait_is_no_pace(engine: Engine, operator: Caller, conn: Connection, planned: str) -> None:
    """Everything an hour ago but the time of its next run."""
    task = dead(engine) if planned == "redriven" else engine.submit().id
    conn.execute(
        "UPDATE agent_tasks SET created_at = created_at - interval '1 hour', ready_at = ready_at - interval '1 hour'"
    )
    match planned:
        case "scheduled":
            conn.execute("UPDATE agent_tasks SET ready_at = due_at")
        case "redriven":
            operator.post("/ops/dead-letters/redrive", {"ids": [str(task)]})
            conn.execute("UPDATE agent_tasks SET payload = '{}'")
        case "unparked":
            from orchestrator.store import sweep

            engine.db.run(attempts.park, task, "task.test.effect")
            engine.database("sweeper").run(sweep.unpark, [task])
    engine.run(task)
    pace = stats(operator)["pace"]["test.effect"]
    assert pace["p99"] < 60_000
    assert pace["waitP95"] is not None
    assert pace["waitP95"] < 60_000
    conn.execute("UPDATE agent_tasks SET ready_at = NULL")
    assert stats(operator)["pace"]["test.effect"]["p50"] > 3_000_000, "that of a row without it is from its submit"


def test_a_schedule_is_when_a_task_could_first_run(engine: Engine) -> None:
    later = engine.submit(schedule_at=datetime.now(UTC) + timedelta(hours=2)).id
    assert engine.row(later)["ready_at"] == engine.row(later)["due_at"]


def test_paces_of_all_types_and_the_wait_of_the_last_attempt(
    engine: Engine, operator: Caller, conn: Connection
) -> None:
    assert stats(operator)["paceOfAll"] is None
    for type in ("test.effect", "test.noop"):
        task = engine.submit(type).id
        conn.execute("UPDATE agent_tasks SET due_at = now() - interval '5 s' WHERE id = %s", (task,))
        engine.run(task)
    now = stats(operator)
    assert set(now["pace"]) == {"test.effect", "test.noop"}
    assert now["paceOfAll"] is not None
    assert now["paceOfAll"]["waitP95"] == pytest.approx(5_000, abs=2_000)


def test_the_last_minute_and_how_long_nothing_has_ended(engine: Engine, operator: Caller, conn: Connection) -> None:
    assert stats(operator)["recent"]["quietSeconds"] is None
    first, second = engine.submit().id, engine.submit().id
    engine.run(first, second)
    conn.execute("UPDATE agent_tasks SET finished_at = now() - interval '100 s' WHERE id = %s", (first,))
    recent = stats(operator)["recent"]
    assert (recent["ended"], recent["submitted"], recent["perSecond"]) == (1, 2, round(1 / 60, 3))
    assert recent["quietSeconds"] is not None
    assert recent["quietSeconds"] < 60
    conn.execute("UPDATE agent_tasks SET finished_at = now() - interval '100 s'")
    assert stats(operator)["recent"]["quietSeconds"] == pytest.approx(100, abs=30)
    assert (stats(operator)["recent"]["perSecond"], stats(operator)["window"]["ended"]["completed"]) == (0, 2)


def test_logins_with_their_statements_and_start_times(engine: Engine, operator: Caller, conn: Connection) -> None:
    assert stats(operator)["workers"] == []
    for worker, tasks in (("w1", 1), ("w2", 2)):
        ids = [engine.submit().id for _ in range(tasks)]
        engine.db.run(attempts.claim, ids, worker=worker, lease=300, alone=False)
    conn.execute("UPDATE agent_tasks SET started_at = now() - interval '90 s' WHERE leased_by = 'w2'")
    first, second = stats(operator)["workers"]
    assert (first["worker"], first["tasks"], second["worker"], second["tasks"]) == ("w2", 2, "w1", 1)
    assert first["oldestSeconds"] == pytest.approx(90, abs=30)


def test_leases_that_ended_without_an_outcome_are_counted(engine: Engine, operator: Caller, conn: Connection) -> None:
    ids = [engine.submit().id for _ in range(2)]
    engine.db.run(attempts.claim, ids, worker="dies", lease=-1, alone=False)
    assert engine.run(*ids) == []
    assert stats(operator)["load"]["leasesLost"] == 2
    conn.execute("UPDATE occurrences SET at = at - interval '61 minutes'")
    assert stats(operator)["load"]["leasesLost"] == 0


def test_the_owner_of_a_lock_is_named_by_its_login(operator: Caller, database_url: str) -> None:
    other = connect(database_url)
    with connect(database_url) as holder:
        holder.execute("BEGIN; LOCK TABLE redrives")
        other.pgconn.send_query(b"SELECT FROM redrives")
        load = next(load for load in iter(lambda: stats(operator)["load"], None) if load["lockWaits"])
        (blocker,) = load["blockers"]
        assert (blocker["pid"], blocker["login"], blocker["waiting"]) == (holder.info.backend_pid, holder.info.user, 1)
    other.close()
    assert next(load for load in iter(lambda: stats(operator)["load"], None) if not load["lockWaits"])["blockers"] == []


def test_only_this_database_s_locks_are_counted(operator: Caller, conn: Connection, postgres_server: object) -> None:
    from tests.support import postgres
    from tools.local_stack.stack_config import Layout

    assert isinstance(postgres_server, Layout)
    with postgres.fresh_database(postgres_server) as elsewhere, connect(elsewhere) as holder:
        other = connect(elsewhere)
        holder.execute("BEGIN; LOCK TABLE redrives")
        other.pgconn.send_query(b"SELECT FROM redrives")
        waits = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"
        assert next(row for row in iter(lambda: conn.execute(waits).fetchone(), None) if row["n"])
        assert stats(operator)["load"]["lockWaits"] == 0
        other.close()


def test_an_answer_s_time_is_one_read_s(operator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the figures themselves take."""
    slow = statistics.live_counts

    def live_counts(conn: Connection) -> object:
        conn.execute("SELECT pg_sleep(0.4)")
        return slow(conn)

    monkeypatch.setattr(statistics, "live_counts", live_counts)
    assert stats(operator)["load"]["answerMs"] < 400
