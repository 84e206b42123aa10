"""After the erasure of an account no table contains its texts, and only a tombstone and the erasure task are left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from orchestrator.engine.agents import Agents
from orchestrator.store.connection import Connection, Database
from orchestrator.testing import Ran
from playmate.domain.names import tidy_name
from playmate.domain.weekly import Window
from tests.integration.playmate.conftest import MakeFamily
from tests.support.engine import Engine
from tests.support.search import columns_that_contain

Run = Callable[..., Ran]

#: Texts that occur only in the data of the forgotten family.
PERSONAL = ("Quillfeather", "quillfeather@example.com", "Xanthippe", "Yggdrasil", "ballooning", "zeppelin")


def test_nothing_is_left_but_a_tombstone(
    conn: Connection, family: MakeFamily, befriend: Callable[..., None], run: Run
) -> None:
    window = [Window(6, 600, 900)]
    gone = family("Quillfeather", [("Xanthippe", 7, "ballooning"), ("Yggdrasil", 3, "zeppelin")], windows=window)
    friend = family("Amira", [("Lina", 7, "chess")], windows=window)
    other = family("Bruno", [("Hugo", 7, "chess")], windows=[Window(7, 600, 900)])
    befriend(gone, friend)
    befriend(other, gone)
    run("friend.ask", {"friendName": "quillfeather"}, owner=friend)
    run("friend.ask", {"friendName": "Quillfeather"}, owner=other)
    run("echo", {"note": "Quillfeather likes ballooning"}, owner=gone)
    for owner, about in ((gone, friend), (friend, gone), (other, gone)):
        run("friend.recommendations", {"friendId": about}, owner=owner)
    point = {"latitude": 48.85, "longitude": 2.35}
    kept = [run("location.playdate.update", point, owner=owner) for owner in (gone, friend, other)]
    open_a_socket(conn, str(gone))
    assert "agent_tasks" in columns_that_contain(conn, "Xanthippe")
    assert "guardians" in columns_that_contain(conn, "Quillfeather")

    done = run("account.forget", owner=gone)

    assert done.status == "completed"
    assert {word: columns_that_contain(conn, word) for word in PERSONAL} == {word: [] for word in PERSONAL}
    for table, column in (
        ("guardians", "id"),
        ("credentials", "guardian_id"),
        ("playdate_points", "guardian_id"),
        ("kids", "guardian_id"),
        ("availability_calendars", "guardian_id"),
        ("availability_windows", "guardian_id"),
        ("friend_links", "asker_id"),
        ("friend_links", "receiver_id"),
        ("socket_connections", "owner_id"),
        ("socket_tickets", "owner_id"),
    ):
        query = sql.SQL("SELECT FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
        value = str(gone) if column == "owner_id" else gone
        assert conn.execute(query, (value,)).fetchall() == [], table
    left = conn.execute("SELECT id, type, payload FROM agent_tasks WHERE owner_id = %s", (str(gone),)).fetchall()
    assert left == [{"id": done.task.id, "type": "account.forget", "payload": {}}]
    tombstones = conn.execute("SELECT owner_id FROM closed_owners").fetchall()
    assert tombstones == [{"owner_id": str(gone)}]
    results = {row["id"] for row in conn.execute("SELECT id FROM agent_tasks").fetchall()}
    assert {kept[1].task.id, kept[2].task.id} <= results, "others keep their own tasks"


def open_a_socket(conn: Connection, owner: str) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    conn.execute("INSERT INTO socket_connections (id, owner_id, expires_at) VALUES ('gone-1', %s, %s)", (owner, later))
    conn.execute(
        "INSERT INTO socket_tickets (hash, owner_id, expires_at, token_expires_at) VALUES ('\\x00', %s, %s, %s)",
        (owner, later, later),
    )


def test_being_forgotten_twice_changes_nothing(family: MakeFamily, run: Run) -> None:
    gone = family("Amira")
    assert run("account.forget", owner=gone).status == "completed"
    assert run("account.forget", owner=gone).status == "completed"
    assert run("friend.ask", {"friendName": "Amira"}, owner=gone).error["code"] == "no_account"


def test_neighbours_in_the_same_batch_are_forgotten_or_done(
    db: Database, family: MakeFamily, befriend: Callable[..., None], engine: Engine
) -> None:
    """The batch contains the erasure, the owner's tasks before and after it, and tasks of another owner."""
    engine.agents = engine.worker.agents = Agents("playmate.agents")
    gone, friend = family("Quillfeather"), family("Amira")
    befriend(gone, friend)
    orders = [
        ("echo", {"note": "before"}, gone),
        ("friend.recommendations", {"friendId": gone}, friend),
        ("account.forget", {}, gone),
        ("echo", {"note": "after"}, gone),
        ("echo", {"note": "other"}, friend),
    ]
    tasks = [engine.submit(kind, payload, owner=str(owner)).id for kind, payload, owner in orders]
    for _ in range(3):
        engine.run(*tasks)
    left = db.connection().execute("SELECT id, owner_id, type, status FROM agent_tasks ORDER BY id").fetchall()
    assert [(row["id"], row["status"]) for row in left] == [(tasks[2], "completed"), (tasks[4], "completed")]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Νίκος", "ΝΊΚΟΣ"),
        ("Straße", "STRASSE"),
        ("Amélie", "AMÉLIE"),
        ("Amélie", "Ame\u0301lie"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u0631\u0636\u0627"),
        ("Ⅻ Jan", "xii  jan"),
    ],
    ids=ascii,
)
def test_no_spelling_of_the_name_stays_in_requests_that_reached_nobody(
    conn: Connection, family: MakeFamily, run: Run, name: str, asked: str
) -> None:
    gone, friend = family(tidy_name(name)), family("Amira")
    run("friend.ask", {"friendName": name}, owner=friend)
    again = run("friend.ask", {"friendName": asked}, owner=friend)
    assert (again.status, again.error["code"]) == ("failed", "asked_already")
    other = run("friend.ask", {"friendName": "Somebody"}, owner=friend)
    run("account.forget", owner=gone)
    left = conn.execute("SELECT id FROM agent_tasks WHERE type = 'friend.ask'").fetchall()
    assert left == [{"id": other.task.id}]
