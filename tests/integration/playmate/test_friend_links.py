"""The database's own word on friendships: a handler acts for its owner, and nobody answers a request of one's own."""

from __future__ import annotations

from typing import LiteralString

import pytest
from psycopg import errors as pg

from orchestrator.store import row_security
from orchestrator.store.connection import Connection, Database
from playmate.domain.friendship import State
from playmate.store import friends
from playmate.store.accounts import GuardianId
from tests.integration.playmate.conftest import MakeFamily


@pytest.fixture
def amira(family: MakeFamily) -> GuardianId:
    return family("Amira")


@pytest.fixture
def bruno(family: MakeFamily) -> GuardianId:
    return family("Bruno")


def as_guardian(db: Database, guardian: int, sql: LiteralString, *values: object) -> int:
    """How many rows a handler of the guardian's changes."""
    with db.row_context(row_security.owner(str(guardian))):
        return db.run(lambda conn: conn.execute(sql, values).rowcount)


def test_nobody_is_befriended_in_another_s_name(worker_db: Database, amira: GuardianId, bruno: GuardianId) -> None:
    insert: LiteralString = "INSERT INTO friend_links (asker_id, receiver_id) VALUES (%s, %s)"
    with pytest.raises(pg.InsufficientPrivilege):
        as_guardian(worker_db, amira, insert, bruno, amira)
    with pytest.raises(pg.InsufficientPrivilege):
        as_guardian(
            worker_db,
            amira,
            insert.replace("receiver_id)", "receiver_id, state)").replace("%s)", "%s, 1)"),
            amira,
            bruno,
        )
    assert as_guardian(worker_db, amira, insert, amira, bruno) == 1


def test_the_asking_family_does_not_answer(
    worker_db: Database, conn: Connection, amira: GuardianId, bruno: GuardianId
) -> None:
    friends.ask(conn, amira, bruno)
    accept: LiteralString = "UPDATE friend_links SET state = 1, answered_at = now()"
    with pytest.raises(pg.InsufficientPrivilege, match="row-level security"):
        as_guardian(worker_db, amira, accept)
    with pytest.raises(pg.InsufficientPrivilege):
        as_guardian(worker_db, amira, "UPDATE friend_links SET asker_id = receiver_id, receiver_id = asker_id")
    assert as_guardian(worker_db, bruno, accept) == 1


def test_a_refused_family_does_not_undo_it(
    worker_db: Database, conn: Connection, amira: GuardianId, bruno: GuardianId
) -> None:
    friends.ask(conn, amira, bruno)
    friends.answer(conn, bruno, amira, State.REFUSED)
    end: LiteralString = "DELETE FROM friend_links"
    assert as_guardian(worker_db, amira, end) == 0
    assert as_guardian(worker_db, bruno, end) == 1


def test_a_stranger_touches_nothing(
    worker_db: Database, conn: Connection, family: MakeFamily, amira: GuardianId, bruno: GuardianId
) -> None:
    friends.ask(conn, amira, bruno)
    eve = family("Eve")
    for sql in ("DELETE FROM friend_links", "UPDATE friend_links SET state = 2, answered_at = now()"):
        assert as_guardian(worker_db, eve, sql) == 0
