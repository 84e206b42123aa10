"""The connections that attempts of the long lane share."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from orchestrator.engine.execution.lanes import pool as pools
from orchestrator.engine.execution.lanes.pool import ConnectionPool, PooledDatabase
from orchestrator.store.connection import Connection, connect


class Opened:
    """Open connections and count them."""

    def __init__(self, url: str) -> None:
        self.url, self.all, self.fails = url, list[Connection](), False

    def __call__(self) -> Connection:
        if self.fails:
            raise RuntimeError("no connection")
        self.all.append(connect(self.url))
        return self.all[-1]

    @property
    def alive(self) -> int:
        return sum(not each.closed for each in self.all)


@pytest.fixture
def opened(database_url: str) -> Iterator[Opened]:
    opened = Opened(database_url)
    yield opened
    for each in opened.all:
        each.close()


def test_a_connection_is_used_again(opened: Opened) -> None:
    pool = ConnectionPool(opened)
    for _ in range(10):
        pool.give(pool.take())
    assert len(opened.all) == 1
    pool.close()
    assert opened.alive == 0


def test_few_stay_open_while_nothing_uses_them(opened: Opened) -> None:
    pool = ConnectionPool(opened)
    for each in [pool.take() for _ in range(pools.MOST)]:
        pool.give(each)
    assert (len(opened.all), opened.alive) == (pools.MOST, pools.KEPT)


def test_the_next_one_waits_for_its_turn(opened: Opened) -> None:
    pool = ConnectionPool(opened)
    taken = [pool.take() for _ in range(pools.MOST)]
    got = threading.Event()

    def wait() -> None:
        pool.give(pool.take())
        got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert len(opened.all) == pools.MOST
    pool.give(taken.pop())
    thread.join(60)
    assert got.is_set()
    assert len(opened.all) == pools.MOST


def test_after_a_while_one_more_is_opened(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open transactions must not stop a handler that needs a second connection to end."""
    monkeypatch.setattr(pools, "PATIENCE", 0.05)
    pool = ConnectionPool(opened)
    taken = [pool.take() for _ in range(pools.MOST + 1)]
    assert len(opened.all) == pools.MOST + 1
    for each in taken:
        pool.give(each)
    again = [pool.take() for _ in range(pools.MOST)]
    assert len(again) == pools.MOST
    monkeypatch.setattr(pools, "PATIENCE", 600.0)
    pool.give(again.pop())
    pool.give(pool.take())  # the connection beyond the bound has freed no turn of another


def test_a_failed_opening_frees_its_turn(opened: Opened) -> None:
    pool = ConnectionPool(opened)
    opened.fails = True
    for _ in range(pools.MOST + 2):
        with pytest.raises(RuntimeError, match="no connection"):
            pool.take()
    opened.fails = False
    pool.give(pool.take())


def test_a_closed_database_frees_its_turn(opened: Opened) -> None:
    pool = ConnectionPool(opened)
    for _ in range(pools.MOST + 2):
        database = PooledDatabase(pool)
        database.connection()
        database.close()
    assert opened.alive == 0


def test_a_connection_in_a_transaction_is_not_kept(opened: Opened) -> None:
    pool = ConnectionPool(opened)
    connection = pool.take()
    connection.execute("BEGIN")
    pool.give(connection)
    assert opened.alive == 0


def test_threads_of_one_attempt_take_turns(opened: Opened) -> None:
    """Each sees the row security context of its own block."""
    database = PooledDatabase(ConnectionPool(opened))
    seen: list[int] = []

    def read(number: int) -> None:
        for _ in range(20):
            row = database.run(lambda conn: conn.execute("SELECT %s::int AS n", (number,)).fetchone())
            seen.append(number if row == {"n": number} else -1)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(seen) == sorted([0, 1, 2, 3] * 20)
    assert len(opened.all) == 1
