"""Asking, answering and ending friendships: every refusal, and the submitted tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from orchestrator.store.connection import Connection, connect
from orchestrator.testing import Ran
from playmate.store import friends
from tests.integration.playmate.conftest import MakeFamily, wait_for_a_lock
from tests.support.search import columns_that_contain

Run = Callable[..., Ran]


RECOMMENDATIONS = "SELECT FROM friend_recommendations WHERE guardian_id = %s AND friend_id = %s"


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_asking_makes_one_open_link(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    done = run("friend.ask", {"friendName": " bRUNO "}, owner=amira)
    assert done.status == "completed"
    assert done.result["friend"] == {"id": bruno, "name": "Bruno"}
    assert names(friends.pending(conn, amira)) == ["Bruno"]
    assert names(friends.asking(conn, bruno)) == ["Amira"]
    assert friends.confirmed(conn, amira) == []


@pytest.mark.parametrize(
    ("name", "code"), [("Nobody", "unknown_friend"), ("amira", "oneself"), ("Bruno", "asked_already")]
)
def test_asking_is_refused_with_a_plain_message(family: MakeFamily, run: Run, name: str, code: str) -> None:
    amira = family("Amira")
    family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    done = run("friend.ask", {"friendName": name}, owner=amira)
    assert done.status == "failed"
    assert done.error["code"] == code
    assert done.task.attempts == 1


def test_asking_back_returns_the_state_and_keeps_the_link(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    done = run("friend.ask", {"friendName": "Amira"}, owner=bruno)
    assert done.status == "completed"
    assert "asked you already" in done.result["message"]
    assert names(friends.asking(conn, bruno)) == ["Amira"]


def test_two_families_that_ask_each_other_at_once_share_one_link(
    conn: Connection, family: MakeFamily, run: Run, database_url: str
) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    first = connect(database_url)
    first.execute("BEGIN")
    assert friends.ask(first, amira, bruno) is not None
    answers: list[Ran] = []
    second = threading.Thread(target=lambda: answers.append(run("friend.ask", {"friendName": "Amira"}, owner=bruno)))
    second.start()
    wait_for_a_lock(conn)
    first.execute("COMMIT")
    second.join(30)
    first.close()
    assert answers[0].status == "completed"
    assert "asked you already" in answers[0].result["message"]
    links = conn.execute("SELECT asker_id, receiver_id, state FROM friend_links").fetchall()
    assert links == [{"asker_id": amira, "receiver_id": bruno, "state": 0}]


def test_accepting_recommends_to_both_once(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    done = run("friend.setState", {"friendId": amira, "state": 1}, owner=bruno)
    assert done.result["friendLink"] == {"askerId": amira, "receiverId": bruno, "state": 1}
    spawned = {(child.owner_id, child.type, child.payload["friendId"]) for child in done.children}
    assert spawned == {
        (str(amira), "friend.recommendations", bruno),
        (str(bruno), "friend.recommendations", amira),
        (str(amira), "friends.changed", bruno),
    }
    again = run("friend.setState", {"friendId": amira, "state": 1}, owner=bruno)
    assert again.status == "completed"
    assert again.result["friendLink"]["state"] == 1
    assert again.children == ()
    assert names(friends.confirmed(conn, bruno)) == ["Amira"]


def test_answers_that_are_not_the_guardians_to_give(family: MakeFamily, run: Run) -> None:
    amira, bruno, chloe = family("Amira"), family("Bruno"), family("Chloe")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    assert run("friend.setState", {"friendId": bruno, "state": 1}, owner=amira).error["code"] == "own_request"
    assert run("friend.setState", {"friendId": amira, "state": 1}, owner=chloe).error["code"] == "never_asked"
    run("friend.setState", {"friendId": amira, "state": 1}, owner=bruno)
    assert run("friend.setState", {"friendId": amira, "state": 2}, owner=bruno).error["code"] == "friends_already"
    assert run("friend.setState", {"friendId": amira, "state": 0}, owner=bruno).error["code"] == "answered_already"


def test_the_refusing_family_may_ask_later(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    run("friend.setState", {"friendId": amira, "state": 2}, owner=bruno)
    assert run("friend.ask", {"friendName": "Bruno"}, owner=amira).error["code"] == "asked_already"
    assert run("friend.ask", {"friendName": "Amira"}, owner=bruno).status == "completed"
    assert names(friends.pending(conn, bruno)) == ["Amira"]


def test_a_refusal_appears_to_the_asker_as_an_open_request(conn: Connection, family: MakeFamily, run: Run) -> None:
    """The asker withdraws and asks again, and sees the same from a family that refused and from one that did not."""
    amira, refuses, waits = family("Amira"), family("Bruno"), family("Bruna")

    def seen(type: str, payload: dict[str, Any], friend: int, name: str) -> tuple[Any, ...]:
        done = run(type, payload, owner=amira)
        shown = [row["id"] == friend for row in friends.pending(conn, amira) if row["id"] in (refuses, waits)]
        own = [child.type for child in done.children if child.owner_id == str(amira)]
        answer = repr((done.status, done.result, done.error, own)).replace(name, "NAME").replace(str(friend), "ID")
        rows = conn.execute(RECOMMENDATIONS, (amira, friend)).rowcount
        return answer, friends.count_links(conn, amira), shown, done.task.attempts, rows

    def story(friend: int, name: str) -> list[tuple[Any, ...]]:
        ask, withdraw = ("friend.ask", {"friendName": name}), ("friend.delete", {"friendId": friend})
        return [
            seen(type, payload, friend, name)
            for type, payload in (ask, withdraw, withdraw, ask, ask, withdraw, ask, withdraw)
        ]

    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    run("friend.setState", {"friendId": amira, "state": 2}, owner=refuses)
    assert story(refuses, "Bruno")[1:] == story(waits, "Bruna")[1:]


def test_a_family_that_refused_is_not_asked_again(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    run("friend.setState", {"friendId": amira, "state": 2}, owner=bruno)
    run("friend.delete", {"friendId": bruno}, owner=amira)
    assert run("friend.setState", {"friendId": amira, "state": 1}, owner=bruno).error["code"] == "never_asked"
    asked = run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    assert (friends.asking(conn, bruno), {child.owner_id for child in asked.children}) == ([], {str(amira)})
    assert conn.execute(RECOMMENDATIONS, (bruno, amira)).fetchall() == []
    run("friend.delete", {"friendId": bruno}, owner=amira)
    assert run("friend.ask", {"friendName": "Amira"}, owner=bruno).status == "completed"
    assert names(friends.pending(conn, bruno)) == ["Amira"]


def test_deleting(conn: Connection, family: MakeFamily, run: Run, befriend: Callable[..., None]) -> None:
    amira, bruno, chloe = family("Amira"), family("Bruno"), family("Chloe")
    befriend(amira, bruno)
    assert run("friend.delete", {"friendId": chloe}, owner=amira).error["code"] == "no_friendship"
    done = run("friend.delete", {"friendId": amira}, owner=bruno)
    assert done.result["removedCount"] == 1
    assert friends.confirmed(conn, amira) == []
    assert run("friend.delete", {"friendId": amira}, owner=bruno).error["code"] == "no_friendship"


def test_an_unknown_field_is_a_fault(family: MakeFamily, run: Run) -> None:
    from orchestrator.model.errors import InvalidInput

    with pytest.raises(InvalidInput):
        run("friend.ask", {"friendName": "Bruno", "asker": 7}, owner=family("Amira"))


def test_accepting_twice_at_the_same_moment_recommends_once(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    before = conn.execute("SELECT FROM agent_tasks WHERE type = 'friend.recommendations'").rowcount
    accept = {"friendId": amira, "state": 1}
    with ThreadPoolExecutor(2) as both:
        answers = [both.submit(run, "friend.setState", accept, owner=bruno) for _ in range(2)]
    statuses = {answer.result().status for answer in answers}
    assert "completed" in statuses
    assert statuses <= {"completed", "pending"}, "a second one at once waits for the owner's limit"
    again = run("friend.setState", accept, owner=bruno)
    assert again.result["message"] == "You are friends now. Nothing has changed."
    spawned = conn.execute("SELECT FROM agent_tasks WHERE type = 'friend.recommendations'").fetchall()
    assert len(spawned) - before == 2


def test_the_end_of_a_friendship_deletes_the_notifications_of_the_kids(
    conn: Connection, family: MakeFamily, befriend: Callable[..., None], run: Run
) -> None:
    amira, bruno = family("Amira", [("Lina", 7, "chess")]), family("Bruno", [("Xanthippe", 7, "chess")])
    chloe = family("Chloe", [("Emma", 7, "chess")])
    befriend(amira, bruno)
    befriend(amira, chloe)
    for friend in (bruno, chloe):
        run("friend.recommendations", {"friendId": friend}, owner=amira)
    run("location.playdate.update", {"latitude": 48.85, "longitude": 2.35}, owner=amira)
    run("friend.delete", {"friendId": chloe}, owner=amira)
    payloads = conn.execute("SELECT payload FROM agent_tasks WHERE type = 'friend.recommendations'").fetchall()
    assert [row["payload"]["friendId"] for row in payloads] == [bruno]
    run("friend.delete", {"friendId": amira}, owner=bruno)
    assert columns_that_contain(conn, "Xanthippe") == ["kids"]
    assert columns_that_contain(conn, "Emma") == ["kids"]
