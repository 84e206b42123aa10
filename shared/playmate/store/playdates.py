"""Playdates and their participants; the rules stand in domain/playdates.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from psycopg.rows import DictRow

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.domain.playdates import Guest, Situation, Status
from playmate.store.accounts import GuardianId

PlaydateId = NewType("PlaydateId", int)

SQL = load_queries("playmate.store", "playdates")


@dataclass(frozen=True, slots=True)
class Playdate:
    """A playdate with the number of its guests, at a moment of the database's clock."""

    id: PlaydateId
    host_id: GuardianId
    host_name: str
    title: str
    activity: str
    location_name: str
    description: str | None
    notes: str | None
    starts_at: datetime
    ends_at: datetime
    status: Status
    max_guests: int | None
    version: int
    created_at: datetime
    updated_at: datetime
    approved: int
    pending: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as the caller may see them; `kids` is None where they are not the caller's to see."""

    id: int
    playdate_id: PlaydateId
    guardian_id: GuardianId
    name: str
    role: str
    status: str
    asked: str | None
    joined_at: datetime
    decision_note: str | None
    kids: list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Concerned:
    """A family that takes part or is asked."""

    guardian_id: GuardianId
    status: str
    role: str


def schedule(conn: Connection, host: GuardianId, fields: Mapping[str, Any]) -> PlaydateId | None:
    """Insert a playdate with its host; return None when the account is gone."""
    row = conn.execute(SQL["schedule"], {"guardian_id": host, **fields}).fetchone()
    if row is None:
        return None
    conn.execute(SQL["add_host"], {"playdate_id": row["id"], "guardian_id": host})
    return PlaydateId(row["id"])


def lock_playdate(conn: Connection, playdate: PlaydateId) -> Playdate | None:
    """Return a playdate of the caller or of a friend, locked until the transaction ends."""
    return _one(conn.execute(SQL["lock_playdate"], {"playdate_id": playdate}).fetchone())


def get_playdate(conn: Connection, playdate: PlaydateId) -> Playdate | None:
    return _one(conn.execute(SQL["get_playdate"], {"playdate_id": playdate}).fetchone())


def get_playdate_of_worker(conn: Connection, playdate: PlaydateId) -> Playdate | None:
    """Return a playdate for a handler, without the numbers of its guests."""
    return _one(conn.execute(SQL["playdate_of_worker"], {"playdate_id": playdate}).fetchone())


def hosted_by(conn: Connection, host: GuardianId, *, only_open: bool) -> list[Playdate]:
    """Return the playdates of a host from the last four weeks on; `only_open`: those that still take guests."""
    rows = conn.execute(SQL["hosted_by"], {"host_id": host, "only_open": only_open}).fetchall()
    return [Playdate(**row) for row in rows]


def count_hosted(conn: Connection, host: GuardianId) -> int:
    """Return the number of playdates that `hosted_by` has without its bound."""
    [row] = conn.execute(SQL["count_hosted"], {"host_id": host}).fetchall()
    return int(row["playdates"])


def joined_by(conn: Connection, guardian: GuardianId) -> list[Playdate]:
    """Return the playdates of friends in which the guardian takes part, took part, or is asked."""
    return [Playdate(**row) for row in conn.execute(SQL["joined_by"], {"guardian_id": guardian}).fetchall()]


def change(conn: Connection, playdate: PlaydateId, host: GuardianId, fields: Mapping[str, Any]) -> None:
    """Write all fields of a playdate of the host."""
    conn.execute(SQL["change"], {"playdate_id": playdate, "guardian_id": host, **fields})


def guests(conn: Connection, playdate: PlaydateId) -> dict[GuardianId, tuple[int, Guest]]:
    """Return (participant id, guest) by guardian: all guests for the host, for another caller the caller alone."""
    rows = conn.execute(SQL["guests"], {"playdate_id": playdate}).fetchall()
    return {
        GuardianId(row["guardian_id"]): (row["id"], Guest(row["status"], row["asked"], row["keeps_seat"]))
        for row in rows
    }


def add_guest(conn: Connection, playdate: PlaydateId, guardian: GuardianId, guest: Guest) -> None:
    conn.execute(SQL["add_guest"], _guest_values(playdate, guardian, guest))


def change_guest(
    conn: Connection, playdate: PlaydateId, guardian: GuardianId, guest: Guest, note: str | None = None
) -> None:
    """Write the guest; a note replaces the earlier one."""
    values = {**_guest_values(playdate, guardian, guest), "has_note": note is not None, "note": note}
    conn.execute(SQL["change_guest"], values)


def situation(conn: Connection, playdate: Playdate, guardian: GuardianId) -> Situation:
    """Return all that decides about the guest. The playdate must be locked."""
    values = {"playdate_id": playdate.id, "guardian_id": guardian}
    [seats] = conn.execute(SQL["seats"], values).fetchall()
    return Situation(
        status=playdate.status,
        ends=playdate.ends_at,
        now=playdate.now,
        seats=playdate.max_guests,
        taken=seats["others"],
        guests=seats["approved"] + seats["pending"],
        clashes=is_busy(conn, guardian, playdate.id, playdate.starts_at, playdate.ends_at),
    )


def is_busy(
    conn: Connection, guardian: GuardianId, playdate: PlaydateId | None, starts: datetime, ends: datetime
) -> bool:
    """Return whether the family takes part in a playdate other than `playdate` at these times."""
    values = {"guardian_id": guardian, "playdate_id": playdate, "starts_at": starts, "ends_at": ends}
    [row] = conn.execute(SQL["is_busy"], values).fetchall()
    return bool(row["busy"])


def people(conn: Connection, playdates: Sequence[PlaydateId]) -> dict[PlaydateId, list[Person]]:
    """Return the participants that the caller may see, by playdate; the host stands first."""
    found: dict[PlaydateId, list[Person]] = {playdate: [] for playdate in playdates}
    for row in conn.execute(SQL["people"], {"playdate_ids": list(playdates)}).fetchall():
        found[row["playdate_id"]].append(Person(**row))
    return found


def facts(conn: Connection, playdate: PlaydateId, applicant: GuardianId) -> DictRow | None:
    """Return {name, is_friend, mutual_friends, past_together, upcoming_same_host} for the host of the playdate."""
    return conn.execute(SQL["facts"], {"playdate_id": playdate, "guardian_id": applicant}).fetchone()


def concerned(conn: Connection, playdate: PlaydateId, also: GuardianId) -> list[Concerned]:
    """Return the families that take part or are asked, the host included, and `also` whatever its part is."""
    rows = conn.execute(SQL["concerned"], {"playdate_id": playdate, "guardian_id": also}).fetchall()
    return [Concerned(GuardianId(row["guardian_id"]), row["status"], row["role"]) for row in rows]


def _guest_values(playdate: PlaydateId, guardian: GuardianId, guest: Guest) -> dict[str, Any]:
    return {
        "playdate_id": playdate,
        "guardian_id": guardian,
        "status": guest.standing,
        "asked": guest.asked,
        "keeps_seat": guest.keeps_seat,
    }


def _one(row: DictRow | None) -> Playdate | None:
    return Playdate(**row) if row else None
