"""Nobody gets an account whose name differs from another's only in case, in Unicode form or by hidden characters."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate import demo
from tests.integration.playmate.conftest import MakeFamily
from tests.support.gateway import Answer, Caller

PASSWORD = "correct horse battery"
ADDRESSES = count()


def sign_up(anyone: Caller, name: str) -> Answer:
    body = {"name": name, "email": f"someone-{next(ADDRESSES)}@example.com", "password": PASSWORD}
    return anyone.post("/auth/signup", body)


@pytest.mark.parametrize(
    "name",
    [
        "\u0410mira",  # Cyrillic A
        "Amira\u3164",
        "A\u034fmira",
        "\uff21mira",
        "\u2800",
    ],
    ids=ascii,
)
def test_no_account_has_another_spelling_of_a_name(anyone: Caller, conn: Connection, name: str) -> None:
    assert sign_up(anyone, "Amira").status == 201
    refused = sign_up(anyone, name)
    assert refused.status in (400, 409), refused.text
    assert [row["name"] for row in conn.execute("SELECT name FROM guardians")] == ["Amira"]


def test_the_refusal_says_which_it_is(anyone: Caller) -> None:
    sign_up(anyone, "Amira")
    assert sign_up(anyone, "aMIRA").json()["message"] == "That name is taken."
    (fault,) = sign_up(anyone, "\u0410mira").json()["faults"]
    assert fault["field"] == "name"
    assert "several scripts" in fault["message"]


@pytest.mark.parametrize("name", ["Émile", "Ёлка", "Ἀχιλλεύς", "علی\u200cرضا", "田中 太郎", "김민수", "श्री"])
def test_real_names_sign_up_and_in_and_are_asked(
    anyone: Caller, family: MakeFamily, run: Callable[..., Ran], name: str
) -> None:
    made = sign_up(anyone, name)
    assert made.status == 201, made.text
    assert anyone.post("/auth/login", {"identifier": name.upper(), "password": PASSWORD}).status == 200
    asked = run("friend.ask", {"friendName": name.upper()}, owner=family("Amira"))
    assert asked.result["friend"]["id"] == made.json()["data"][0]["id"]


def test_other_clothes_of_a_name_are_no_fresh_tries(anyone: Caller) -> None:
    """A name's limit counts all its spellings: they sign in to one account."""
    sign_up(anyone, "Amira")
    spellings = ["Amira", "AMIRA", "\uff21mira", "amira\u200d", " \U0001d400mira", "Amir\uff41"] * 3
    tries = [anyone.post("/auth/login", {"identifier": each, "password": "wrong"}).status for each in spellings]
    assert 429 in tries


def test_the_demonstration_s_families_sign_in(anyone: Caller, conn: Connection) -> None:
    for user in demo.seed(conn, PASSWORD):
        assert anyone.post("/auth/login", {"identifier": user["name"], "password": PASSWORD}).status == 200
