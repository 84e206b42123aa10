"""Families befriend, move and schedule at once while workers lose their connections: no seat twice, nothing stale."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest

from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.model.errors import Conflict, Unavailable
from orchestrator.store import row_security
from orchestrator.store.connection import Connection
from playmate.routes.playdates.guests import join_playdate
from playmate.store import kids
from playmate.store.accounts import GuardianId
from tests.integration.conftest import RecordedSockets
from tests.integration.playmate.conftest import MakeFamily
from tests.support.engine import Engine

#: `FAMILIES=200` runs it at full size.
FAMILIES = int(os.environ.get("FAMILIES", "8"))
FRIENDS, SEATS = 3, 1
#: The share of batches whose worker loses its connection.
KILLED = 0.15
DUE = """
    SELECT id FROM agent_tasks
    WHERE status = 'pending' AND due_at <= %s AND type <> 'playdate.arrange' AND waiting_for IS NULL
    ORDER BY random() LIMIT 8
"""
UNFINISHED = "SELECT count(*) AS n FROM agent_tasks WHERE finished_at IS NULL AND type <> 'playdate.arrange'"
#: Guests with a seat, of playdates with too many of them.
OVERFULL = """
    SELECT d.id FROM playdates AS d JOIN playdate_participants AS p ON p.playdate_id = d.id
    WHERE p.role = 'guest' AND (p.status = 'approved' OR p.keeps_seat) GROUP BY d.id HAVING count(*) > d.max_guests
"""
STALE = """
    SELECT r.guardian_id, r.friend_id FROM friend_recommendations AS r
    LEFT JOIN playdate_points AS p ON p.guardian_id = r.friend_id
    WHERE r.changes > r.made_changes OR (r.result ->> 'friendLongitude')::float8 IS DISTINCT FROM p.longitude
"""

pytestmark = pytest.mark.timeout(1_800)


class Crowd:
    """The engine, the families, and the workers that lose their connections."""

    def __init__(self, engine: Engine, conn: Connection, families: list[GuardianId]) -> None:
        self.engine, self.conn, self.families = engine, conn, families
        engine.agents = engine.worker.agents = Agents("playmate.agents")
        self.rng = random.Random(7)
        self.kills = 0
        self.sweeper = Sweeper(
            db=engine.database("sweeper"),
            queue=engine.queue,
            dead_letters=engine.dead_letters,
            events=engine.events,
            sockets=RecordedSockets(),
            flags=engine.flags,
        )
        engine.move_clock(0)

    def neighbours(self, at: int) -> Iterator[GuardianId]:
        for distance in range(1, FRIENDS + 1):
            yield self.families[(at + distance) % len(self.families)]

    def submit(self, type: str, owner: GuardianId, payload: dict[str, Any]) -> None:
        self.engine.submit(type, payload, owner=str(owner))

    def drain(self) -> None:
        """Run everything that is due with three workers, some of which lose their connection; repair; repeat."""
        for rounds in count():
            assert rounds < 500, "the queue never becomes empty"
            if not self._run_due():
                if self.conn.execute(UNFINISHED).fetchall()[0]["n"] == 0:
                    return
                self.engine.move_clock(45)
                sweep(self.sweeper, lambda: 600.0)

    def _run_due(self) -> bool:
        ran = threading.Event()
        lock = threading.Lock()

        def work() -> None:
            worker = self.engine.new_worker()
            while True:
                with lock:
                    found = [row["id"] for row in self.conn.execute(DUE, (self.engine.now,)).fetchall()]
                if not found:
                    self.engine.drop_databases(worker.db, worker.side)
                    return
                ran.set()
                worker = self._run(worker, found)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ran.is_set()

    def _run(self, worker: Worker, tasks: list[UUID]) -> Worker:
        """Run a batch; return the worker, or a new one where this one lost its connection."""
        killer = threading.Timer(0, lambda: None)
        lost = False
        if self.rng.random() < KILLED:
            lost = True
            self.kills += 1
            pid = worker.db.connection().info.backend_pid
            killer = threading.Timer(self.rng.uniform(0, 0.05), self._kill, [pid])
        killer.start()
        try:
            self.engine.run(*tasks, worker=worker)
        except (Unavailable, psycopg.Error):
            lost = True
        finally:
            killer.join()
        if not lost:
            return worker
        self.engine.drop_databases(worker.db, worker.side)
        return self.engine.new_worker()

    def _kill(self, pid: int) -> None:
        with psycopg.connect(self.engine.url, autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def join_all(self, playdate: int) -> None:
        """Every invited family tries to take a seat at the same moment."""
        invited = self.invited(playdate)
        gate = threading.Barrier(len(invited))

        def join(family: GuardianId) -> None:
            database = self.engine.database_of_thread("api")
            with database.row_context(row_security.caller(str(family))):
                gate.wait(60)
                with suppress(Conflict, LookupError, Unavailable), database.transaction() as own:
                    join_playdate(own, str(playdate), family)
            database.close()

        threads = [threading.Thread(target=join, args=(family,)) for family in invited]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def join_everywhere(self, playdates: list[int]) -> None:
        for playdate in playdates:
            self.join_all(playdate)

    def invited(self, playdate: int) -> list[GuardianId]:
        query = "SELECT guardian_id FROM playdate_participants WHERE playdate_id = %s AND role = 'guest'"
        return [GuardianId(row["guardian_id"]) for row in self.conn.execute(query, (playdate,)).fetchall()]


@pytest.fixture
def crowd(engine: Engine, conn: Connection, family: MakeFamily) -> Crowd:
    return Crowd(engine, conn, [family(f"Family {at}", [(f"Kid {at}", 6, "chess")]) for at in range(FAMILIES)])


def schedule(crowd: Crowd, at: int) -> int:
    """A playdate of a family that invites all its friends to one seat."""
    host = crowd.families[at]
    starts = (crowd.engine.now or datetime.now(UTC)) + timedelta(days=5 + at)
    row = crowd.conn.execute(
        "INSERT INTO playdates (host_id, title, activity, location_name, starts_at, ends_at, max_guests)"
        " VALUES (%s, 'Chess', 'chess', 'Home', %s, %s, %s) RETURNING id",
        (host, starts, starts + timedelta(hours=1), SEATS),
    ).fetchone()
    assert row is not None
    crowd.conn.execute(
        "INSERT INTO playdate_participants (playdate_id, guardian_id, role, status, asked)"
        " SELECT %s, CASE asker_id WHEN %s THEN receiver_id ELSE asker_id END, 'guest', 'pending', 'guest'"
        " FROM friend_links WHERE %s IN (asker_id, receiver_id) AND state = 1",
        (row["id"], host, host),
    )
    return int(row["id"])


def test_no_seat_twice_and_nothing_stale_after_the_queue_is_empty(crowd: Crowd, conn: Connection) -> None:
    for at, family in enumerate(crowd.families):
        for friend in crowd.neighbours(at):
            name = f"Family {crowd.families.index(friend)}"
            crowd.submit("friend.ask", family, {"friendName": name})
    crowd.drain()
    for link in conn.execute("SELECT asker_id, receiver_id FROM friend_links").fetchall():
        crowd.submit("friend.setState", GuardianId(link["receiver_id"]), {"friendId": link["asker_id"], "state": 1})
    crowd.drain()
    playdates = [schedule(crowd, at) for at in range(FAMILIES)]
    for at, family in enumerate(crowd.families):
        crowd.submit("location.playdate.update", family, {"latitude": 48.85, "longitude": 2.3 + at / 10_000})
        kids.add(conn, family, name=f"Second {at}", age=7, favorite_activity="chess")
        crowd.submit("recommendations.renew", family, {})
    joins = threading.Thread(target=crowd.join_everywhere, args=(playdates,))
    joins.start()
    crowd.drain()
    joins.join()
    crowd.drain()
    assert crowd.kills > 0
    assert conn.execute("SELECT type FROM agent_tasks WHERE status = 'dead-letter'").fetchall() == []
    assert conn.execute(OVERFULL).fetchall() == []
    seated = "SELECT count(*) AS n FROM playdate_participants WHERE role = 'guest' AND status = 'approved'"
    assert conn.execute(seated).fetchall()[0]["n"] == FAMILIES * SEATS
    assert conn.execute(STALE).fetchall() == []
