"""The history of statistics: one row a minute, kept for a week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine.operators.statistics import LIVE
from orchestrator.http.schemas import statistics_responses as answers
from orchestrator.store import audit, statistics
from orchestrator.store.connection import Connection
from tests.integration.orchestrator.http.test_operator_tasks import kill, submit
from tests.support.engine import Engine
from tests.support.gateway import Caller
from tests.support.shapes import validated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


class TestHistory:
    def minute(self, conn: Connection, ago: int, **given: object) -> None:
        numbers = (*LIVE, "sockets", "connections", "submitted", "completed", "refused", "died", "cancelled")
        row = {**dict.fromkeys((*numbers, "leases_lost", "oldest"), 0), "by_type": {}, **given}
        at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=ago)
        statistics.keep_minute(conn, {"at": at.isoformat(), **row})

    def history(self, operator: Caller, query: str = "") -> answers.History:
        answer = operator.get(f"/ops/history{query}")
        assert answer.status == 200, answer.text
        return validated(answers.History, answer.json())

    def test_by_the_minute_within_an_hour(self, operator: Caller, conn: Connection) -> None:
        for ago in (1, 2, 5, 61):
            self.minute(conn, ago, due=ago, completed=10, died=1, refused=2, cancelled=3, p95=40.04)
        found = self.history(operator)
        assert (found["stepSeconds"], [point["due"] for point in found["points"]]) == (60, [5, 2, 1]), (
            "holes stay holes"
        )
        newest = found["points"][-1]
        assert (newest["ended"], newest["bad"], newest["refused"], newest["cancelled"]) == (16, 1, 2, 3)
        assert (newest["p95"], newest["minutes"]) == (40.0, 1)
        assert datetime.fromisoformat(found["until"]) - datetime.fromisoformat(found["since"]) == timedelta(hours=1)

    @pytest.mark.parametrize(("hours", "step"), [(6, 120), (24, 480), (168, 3360)])
    def test_longer_ones_in_180_steps(self, operator: Caller, conn: Connection, hours: int, step: int) -> None:
        for ago in range(1, 60 * min(hours, 24)):
            self.minute(conn, ago, due=ago % 7, submitted=1)
        found = self.history(operator, f"?hours={hours}")
        assert len(found["points"]) <= 180
        whole = found["points"][len(found["points"]) // 2]
        assert (found["stepSeconds"], whole["minutes"], whole["submitted"]) == (step, step / 60, step / 60)
        if step >= 480:
            assert whole["due"] == 6, "the most there was"

    def test_of_one_type(self, operator: Caller, conn: Connection) -> None:
        self.minute(conn, 1, due=9, completed=9, by_type={"echo": {"due": 2, "completed": 3, "died": 1, "p95": 7}})
        (point,) = self.history(operator, "?type=echo")["points"]
        assert (point["due"], point["ended"], point["bad"], point["p95"], point["sockets"]) == (2, 4, 1, 7, None)
        (none,) = self.history(operator, "?type=other")["points"]
        assert (none["due"], none["ended"]) == (0, 0)

    def test_changes_by_operators_are_marked(self, ann: Caller, operator: Caller, conn: Connection) -> None:
        kill(conn, submit(ann))
        operator.post("/ops/dead-letters/redrive", {"all": True})
        operator.post(f"/ops/tasks/{submit(ann)}/cancel")
        (action,) = self.history(operator)["actions"]
        assert (action["action"], action["actor"]) == ("redrive", "User 9 (9)")
        conn.execute("UPDATE operator_actions SET created_at = now() - interval '2 hours'")
        assert self.history(operator)["actions"] == []
        assert len(self.history(operator, "?hours=6")["actions"]) == 1

    def test_a_change_that_was_only_begun_or_failed_is_no_mark(self, operator: Caller, conn: Connection) -> None:
        for detail in ({"step": "begun"}, {"step": "failed"}, {"step": "done"}, {}):
            audit.record_action(conn, "olga", "flag", {"flag": "x", **detail})
        assert [action["detail"].get("step") for action in self.history(operator)["actions"]] == [None, "done"]

    def test_others_reaches_are_refused(self, operator: Caller) -> None:
        for query in ("?hours=2", "?hours=", "?hours=x", "?type="):
            assert operator.get(f"/ops/history{query}").status == 400
