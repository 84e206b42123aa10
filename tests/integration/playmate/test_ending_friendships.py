"""No result names a removed kid or a kid of a former friend, even if a handler runs during the removal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from orchestrator.engine.agents import Agents
from orchestrator.http.app import Services
from orchestrator.store.connection import Connection, Database
from orchestrator.testing import Ran
from playmate.domain.weekly import Window
from playmate.store import kids
from tests.integration.conftest import signed_in
from tests.integration.playmate.conftest import MakeFamily, wait_for_a_lock
from tests.support.engine import Engine
from tests.support.gateway import Caller
from tests.support.search import columns_that_contain

Run = Callable[..., Ran]
Befriend = Callable[..., None]

POINT = {"latitude": 48.85, "longitude": 2.35}
#: Task types whose results name a friend's kids to a guardian.
NOTIFYING = ("friend.recommendations", "location.playdate.update")


def payload_of(type: str, friend: int) -> dict[str, Any]:
    return {"friendId": friend} if type == "friend.recommendations" else POINT


@pytest.fixture
def amira(family: MakeFamily) -> int:
    return family("Amira", [("Lina", 7, "chess")])


@pytest.fixture
def bruno(family: MakeFamily) -> int:
    return family("Bruno", [("Xanthippe", 7, "chess"), ("Hugo", 8, "football")])


@pytest.fixture
def caller(anyone: Caller, services: Services) -> Callable[[int], Caller]:
    return lambda guardian: signed_in(anyone, services, str(guardian))


def notify(run: Run, type: str, owner: int, friend: int) -> None:
    """Run a task of the type to completion; another session may delete the task before this test reads it."""
    with suppress(LookupError):
        assert run(type, payload_of(type, friend), owner=owner).status == "completed"


@contextmanager
def meanwhile(conn: Connection, monkeypatch: pytest.MonkeyPatch, does: Callable[[], object]) -> Iterator[None]:
    """Once a handler has read the kids, another session begins; the handler goes on when that waits or is done."""
    read = kids.lock_kids
    started: list[threading.Thread] = []

    def reads(*args: Any) -> Any:
        found = read(*args)
        if not started:
            started.append(threading.Thread(target=does))
            started[0].start()
            wait_for_a_lock(conn, unless=lambda: not started[0].is_alive())
        return found

    monkeypatch.setattr(kids, "lock_kids", reads)
    yield
    assert started, "no handler has read the kids"
    started[0].join(30)


def kid_called(conn: Connection, name: str) -> int:
    row = conn.execute("SELECT id FROM kids WHERE name = %s", (name,)).fetchone()
    assert row is not None
    return int(row["id"])


def remove(conn: Connection, caller: Caller, name: str) -> None:
    answer = caller.send("DELETE", f"/api/kids/{kid_called(conn, name)}")
    assert answer.status == 200, answer.text


class TestARemovedKid:
    def test_is_gone_from_every_screen_and_every_stored_row(
        self,
        conn: Connection,
        amira: int,
        bruno: int,
        befriend: Befriend,
        run: Run,
        caller: Callable[[int], Caller],
    ) -> None:
        befriend(amira, bruno)
        for owner, friend in ((amira, bruno), (bruno, amira)):
            for type in NOTIFYING:
                run(type, payload_of(type, friend), owner=owner)
        assert "agent_tasks" in columns_that_contain(conn, "Xanthippe")
        remove(conn, caller(bruno), "Xanthippe")
        assert columns_that_contain(conn, "Xanthippe") == []
        for guardian in (amira, bruno):
            for path in ("/api/tasks/inbox", "/api/playdate-point/recommendations", "/api/tasks"):
                assert "Xanthippe" not in caller(guardian).get(path).text

    def test_leaves_the_notifications_of_the_others(
        self, conn: Connection, family: MakeFamily, bruno: int, befriend: Befriend, run: Run, caller: Any
    ) -> None:
        amira = family("Amira", [("Lina", 7, "chess"), ("Sami", 8, "football")])
        befriend(amira, bruno)
        notified = run("friend.recommendations", {"friendId": bruno}, owner=amira).task.id
        plan = run("location.playdate.update", POINT, owner=amira).task.id
        remove(conn, caller(bruno), "Xanthippe")
        left = caller(amira).get(f"/api/tasks/{notified}").json()["result"]
        assert [each["matchName"] for each in left["recommendations"]] == ["Hugo"]
        assert left["headline"] == "Playdates to plan with Bruno"
        planned = caller(amira).get(f"/api/tasks/{plan}").json()["result"]
        assert [each["kidName"] for each in planned["availabilityPlan"]["suggestions"]] == ["Sami"]
        remove(conn, caller(bruno), "Hugo")
        assert caller(amira).get(f"/api/tasks/{notified}").status == 404

    def test_of_the_guardian_s_own_is_gone_from_the_guardian_s_own(
        self, conn: Connection, bruno: int, run: Run, caller: Callable[[int], Caller]
    ) -> None:
        run("location.playdate.update", POINT, owner=bruno)
        assert "agent_tasks" in columns_that_contain(conn, "Xanthippe")
        remove(conn, caller(bruno), "Xanthippe")
        assert columns_that_contain(conn, "Xanthippe") == []

    @pytest.mark.parametrize("type", NOTIFYING)
    def test_is_not_notified_by_a_running_handler(
        self,
        conn: Connection,
        amira: int,
        bruno: int,
        befriend: Befriend,
        run: Run,
        caller: Callable[[int], Caller],
        monkeypatch: pytest.MonkeyPatch,
        type: str,
    ) -> None:
        befriend(amira, bruno)
        kid = kid_called(conn, "Xanthippe")
        gone: list[int] = []
        with meanwhile(conn, monkeypatch, lambda: gone.append(caller(bruno).send("DELETE", f"/api/kids/{kid}").status)):
            notify(run, type, amira, bruno)
        assert gone == [200]
        assert columns_that_contain(conn, "Xanthippe") == []

    def test_is_another_s_to_remove_for_nobody(
        self, conn: Connection, amira: int, bruno: int, befriend: Befriend, caller: Callable[[int], Caller]
    ) -> None:
        befriend(amira, bruno)
        assert caller(amira).send("DELETE", f"/api/kids/{kid_called(conn, 'Xanthippe')}").status == 404
        assert columns_that_contain(conn, "Xanthippe") == ["kids"]


@pytest.mark.parametrize("type", NOTIFYING)
class TestAnEndedFriendship:
    def test_is_not_notified_by_a_running_handler(
        self,
        conn: Connection,
        amira: int,
        bruno: int,
        befriend: Befriend,
        run: Run,
        monkeypatch: pytest.MonkeyPatch,
        type: str,
    ) -> None:
        befriend(amira, bruno)
        ended: list[Ran] = []
        end = lambda: ended.append(run("friend.delete", {"friendId": amira}, owner=bruno))  # noqa: E731 (one line)
        with meanwhile(conn, monkeypatch, end):
            notify(run, type, amira, bruno)
        assert ended[0].status == "completed"
        assert columns_that_contain(conn, "Xanthippe") == ["kids"]

    def test_nor_by_a_neighbour_in_the_same_batch(
        self, conn: Connection, amira: int, bruno: int, befriend: Befriend, engine: Engine, type: str
    ) -> None:
        befriend(amira, bruno)
        in_one_batch(engine, [(type, payload_of(type, bruno), amira), ("friend.delete", {"friendId": amira}, bruno)])
        assert columns_that_contain(conn, "Xanthippe") == ["kids"]

    def test_nor_when_the_family_is_forgotten(
        self,
        conn: Connection,
        amira: int,
        bruno: int,
        befriend: Befriend,
        run: Run,
        monkeypatch: pytest.MonkeyPatch,
        type: str,
    ) -> None:
        befriend(amira, bruno)
        gone: list[Ran] = []
        with meanwhile(conn, monkeypatch, lambda: gone.append(run("account.forget", owner=bruno))):
            notify(run, type, amira, bruno)
        assert gone[0].status == "completed"
        assert (columns_that_contain(conn, "Xanthippe"), columns_that_contain(conn, "Bruno")) == ([], [])

    def test_nor_when_it_is_forgotten_in_the_same_batch(
        self, conn: Connection, amira: int, bruno: int, befriend: Befriend, engine: Engine, type: str
    ) -> None:
        befriend(amira, bruno)
        in_one_batch(engine, [(type, payload_of(type, bruno), amira), ("account.forget", {}, bruno)])
        assert (columns_that_contain(conn, "Xanthippe"), columns_that_contain(conn, "Bruno")) == ([], [])


def test_a_plan_that_found_no_time_with_a_former_friend_does_not_name_it(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run
) -> None:
    amira = family("Amira", [("Lina", 7, "chess")], windows=[Window(1, 600, 720)])
    bruno = family("Bruno", [("Xanthippe", 7, "chess")], windows=[Window(2, 600, 720)])
    befriend(amira, bruno)
    for owner, other in ((amira, bruno), (bruno, amira)):
        plan = run("location.playdate.update", POINT, owner=owner).result["availabilityPlan"]
        assert [each["noTimeWith"]["friendId"] for each in plan["suggestions"]] == [other]
    run("friend.delete", {"friendId": bruno}, owner=amira)
    stored = conn.execute("SELECT result FROM agent_tasks WHERE type = 'location.playdate.update'").fetchall()
    assert [row["result"].get("availabilityPlan") for row in stored] == [None, None]


def test_only_the_newest_plans_are_kept(
    conn: Connection, bruno: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the removal of a kid has a bounded number of plans to correct, however often a friend moved its point."""
    monkeypatch.setattr("playmate.agents.location_playdate_update.PLANS_KEPT", 2)
    for _ in range(5):
        run("location.playdate.update", POINT, owner=bruno)
    stored = conn.execute("SELECT result FROM agent_tasks ORDER BY id").fetchall()
    assert ["availabilityPlan" in row["result"] for row in stored] == [False, False, True, True, True]
    assert all(row["result"]["coordinates"] for row in stored)


def test_only_the_newest_recommendations_about_a_friend_are_kept(
    conn: Connection, amira: int, bruno: int, befriend: Befriend, run: Run
) -> None:
    """So the removal of a kid has a bounded number of results to correct, however often a friend's kids changed."""
    befriend(amira, bruno)
    for _ in range(3):
        run("friend.recommendations", {"friendId": bruno}, owner=amira)
    stored = conn.execute("SELECT result FROM agent_tasks WHERE owner_id = %s ORDER BY id", (str(amira),)).fetchall()
    assert ["recommendations" in row["result"] for row in stored] == [False, False, True]
    kept = conn.execute("SELECT result FROM friend_recommendations WHERE guardian_id = %s", (amira,)).fetchall()
    assert [row["result"] for row in kept] == [stored[-1]["result"]]


def in_one_batch(engine: Engine, orders: list[tuple[str, dict[str, Any], int]]) -> None:
    """With a worker that knows all of them to be quick, so that nothing but their nature keeps them apart."""
    engine.agents = engine.worker.agents = Agents("playmate.agents")
    engine.flags.off = {"amazon_places", "insight_narrative"}
    engine.worker.pace.update({type: 0.0 for type, _, _ in orders})
    tasks = [engine.submit(type, payload, owner=str(owner)).id for type, payload, owner in orders]
    engine.run(*tasks)
    engine.run(*tasks)


def test_a_lock_on_a_kid_changes_none(worker_db: Database, conn: Connection, amira: int) -> None:
    """Postgres requires the right to update a row for a lock on it; the policy refuses the update itself."""
    from psycopg import errors as pg

    from orchestrator.store import row_security

    with worker_db.row_context(row_security.owner(str(amira))), pytest.raises(pg.InsufficientPrivilege):
        worker_db.run(lambda running: running.execute("UPDATE kids SET id = DEFAULT"))
    assert columns_that_contain(conn, "Lina") == ["kids"]
