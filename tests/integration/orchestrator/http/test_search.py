"""Operators find the tasks of a statistic, of a time and of a reference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest

from orchestrator.engine.operators.statistics import LIVE
from orchestrator.http.schemas import operator_responses as answers
from orchestrator.model.ids import first_id_at, new_task_id
from orchestrator.store import attempts, operator_search
from orchestrator.store.connection import Connection
from tests.integration.orchestrator.http.test_operator_tasks import NOBODYS, submit
from tests.support.engine import Engine
from tests.support.gateway import Caller
from tests.support.shapes import validated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


def found(operator: Caller, query: str) -> list[str]:
    """Ids over all pages."""
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = operator.get(f"/ops/tasks?{query}{cursor and f'&cursor={cursor}'}")
        assert answer.status == 200, answer.text
        page = validated(answers.OpsTaskPage, answer.json())
        ids += [str(item["id"]) for item in page["items"]]
        cursor = page["nextCursor"]
    return ids


def test_a_list_has_the_rows_that_its_figure_counts(engine: Engine, operator: Caller, conn: Connection) -> None:
    """One task in each of the states, and some that are over."""
    engine.run(engine.submit().id)
    parent = engine.submit("test.family", {"children": [{}]}).id
    engine.run(parent)
    dead = engine.submit(payload={"do": "raise"}, max_attempts=1).id
    failing = engine.submit(payload={"do": "raise"}).id
    for id in (dead, failing):
        engine.run(id)
    conn.execute("UPDATE agent_tasks SET due_at = now() + interval '1 hour' WHERE id = %s", (failing,))
    engine.submit(schedule_at=datetime.now(UTC) + timedelta(days=1))
    engine.db.run(attempts.park, engine.submit().id, "task.test.effect")
    engine.db.run(attempts.claim, [engine.submit().id], worker="w", lease=300, alone=True)
    live = operator.get("/ops/stats").json()["live"]
    assert live == dict.fromkeys(LIVE, 1)
    listed = {state: found(operator, f"state={state}") for state in LIVE}
    assert {state: len(ids) for state, ids in listed.items()} == live
    assert (listed["waiting"], listed["retrying"], listed["dead"]) == ([str(parent)], [str(failing)], [str(dead)])
    assert found(operator, "state=retrying&type=echo") == found(operator, "state=due&owner=7") == []


def test_a_state_s_list_goes_on_over_pages_and_reads_as_far_back_as_it_must(
    engine: Engine, operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_search, "SEARCH_WINDOW", 1)
    made = [str(engine.submit().id) for _ in range(5)]
    for _ in range(3):
        engine.run(engine.submit().id)
    assert found(operator, "state=due&limit=2") == made[::-1]


def test_submitted_between_two_moments(operator: Caller, conn: Connection) -> None:
    now = datetime.now(UTC)
    ids = {}
    for hours in (1, 3, 5):
        ids[hours] = str(UUID(int=first_id_at(now - timedelta(hours=hours)).int | 7))
        conn.execute(
            "INSERT INTO agent_tasks (id, owner_id, type, payload, due_at) VALUES (%s, '1', 'x', '{}', now())",
            (ids[hours],),
        )
    assert found(operator, "since=2h") == [ids[1]]
    assert found(operator, "since=4h&until=2h") == [ids[3]]
    assert found(operator, f"until={(now - timedelta(hours=4)):%Y-%m-%dT%H:%M:%SZ}") == [ids[5]]
    assert found(operator, "since=4h&type=x&limit=1") == [ids[1], ids[3]]
    assert found(operator, "since=4h&state=due") == [], "they are in nobody's hands"


class TestByTheirEnd:
    @pytest.fixture
    def ended(self, engine: Engine, conn: Connection) -> list[str]:
        """The first to be submitted is the last to end; two end at the same moment."""
        ids = [engine.submit(payload={"do": "refuse" if n % 2 else "succeed"}).id for n in range(6)]
        engine.run(*ids)
        for minutes, id in zip((1, 2, 2, 20, 21, 90), ids, strict=True):
            conn.execute(
                "UPDATE agent_tasks SET finished_at = date_trunc('second', now()) - make_interval(mins => %s)"
                " WHERE id = %s",
                (minutes, id),
            )
        return [str(id) for id in (ids[0], ids[2], ids[1], *ids[3:])]

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_the_last_first_over_pages(self, operator: Caller, ended: list[str], limit: int) -> None:
        assert found(operator, f"order=ended&limit={limit}") == ended

    @pytest.mark.parametrize("limit", [1, 100])
    def test_those_of_a_window_by_status(
        self, operator: Caller, ended: list[str], limit: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operator_search, "SEARCH_WINDOW", 2)
        assert found(operator, f"order=ended&since=5m&limit={limit}") == ended[:3]
        assert found(operator, f"order=ended&until=5m&limit={limit}") == ended[3:]
        assert found(operator, f"order=ended&status=failed&limit={limit}") == [ended[2], ended[3], ended[5]]
        assert found(operator, f"order=ended&since=1h&status=completed&owner=1&limit={limit}") == [*ended[:2], ended[4]]

    def test_the_end_is_pushed(self, operator: Caller, ended: list[str]) -> None:
        (newest,) = operator.get("/ops/tasks?order=ended&limit=1").json()["items"]
        assert newest["id"] == ended[0]
        assert datetime.now(UTC) - datetime.fromisoformat(newest["finishedAt"]) == pytest.approx(
            timedelta(minutes=1), abs=timedelta(seconds=30)
        )


def test_by_the_reference_that_somebody_quotes(ann: Caller, operator: Caller) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = ann.post("/api/tasks", {"type": "echo"}, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    submit(ann)
    assert found(operator, f"trace={trace}") == found(operator, f"trace={trace.upper()}") == [sent.json()["id"]]
    assert found(operator, f"trace={trace[::-1]}") == []


def test_by_a_failure_s_fingerprint(engine: Engine, operator: Caller) -> None:
    task = engine.submit(payload={"do": "raise"}).id
    engine.submit()
    engine.run(task)
    fingerprint = engine.row(task)["error"]["fingerprint"]
    assert found(operator, f"fingerprint={fingerprint}") == [str(task)]
    assert found(operator, "fingerprint=another") == []


@pytest.mark.parametrize(
    "query",
    [
        *(
            "state=lost",
            "order=x",
            "trace=abc",
            f"trace={'g' * 32}",
            "fingerprint=",
            "since=yesterday",
            "since=5",
            "until=1y",
        ),
        *("since=0001-01-01T00:00:00%2B23:00", "order=ended&state=due", f"order=ended&cursor={NOBODYS}"),
        *(f"order=ended&cursor=x-{NOBODYS}", f"order=ended&cursor={'9' * 17}-{NOBODYS}", f"cursor=1-{NOBODYS}"),
    ],
)
def test_an_impossible_search_is_refused(operator: Caller, query: str) -> None:
    answer = operator.get(f"/ops/tasks?{query}")
    assert answer.status == 400
    assert answer.json()["faults"]


def test_any_moment_can_be_asked_for(operator: Caller) -> None:
    for moment in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "99999d", "2030-01-01"):
        for order in ("submitted", "ended"):
            assert operator.get(f"/ops/tasks?order={order}&since={moment}&until={moment}").status == 200


def test_an_id_begins_with_its_moment() -> None:
    before, id, after = datetime.now(UTC), new_task_id(), datetime.now(UTC) + timedelta(milliseconds=1)
    assert first_id_at(before) <= id < first_id_at(after)


def test_a_task_is_found_by_the_last_digits_of_its_id(engine: Engine, operator: Caller) -> None:
    one, other = engine.submit().id, engine.submit().id
    assert found(operator, f"idEnds={one.hex[-8:]}") == [str(one)]
    assert found(operator, f"idEnds={one.hex[-8:].upper()}") == [str(one)]
    assert found(operator, f"idEnds={other.hex[-12:]}&state=due") == [str(other)]
    assert operator.get("/ops/tasks?idEnds=xyz").status == 400
    assert operator.get("/ops/tasks?idEnds=abc").status == 400


def test_a_task_is_found_by_text_of_its_error(engine: Engine, operator: Caller) -> None:
    dead = engine.submit(payload={"do": "raise"}, max_attempts=1).id
    engine.run(dead)
    engine.run(engine.submit().id)
    phrase = "detail 42"
    assert found(operator, f"error={quote(phrase.upper())}") == [str(dead)]
    assert found(operator, f"error={quote(phrase)}&order=ended") == [str(dead)]
    assert found(operator, "error=%25") == []
