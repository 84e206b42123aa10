"""Four demonstration families and an operator, for local runs only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from orchestrator.store.connection import Connection
from playmate.domain.coordinates import Point
from playmate.domain.friendship import State
from playmate.passwords import hash_password
from playmate.store import accounts, friends, kids, points
from playmate.store.accounts import GuardianId


class DemoUser(TypedDict):
    """The sign-in of a demonstration user, as in .local/stack.json."""

    name: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Family:
    """A guardian, where the family meets others, and its kids: name, age, favourite activity."""

    guardian: str
    point: Point
    kids: tuple[tuple[str, int, str], ...]


FAMILIES = (
    Family("Amira", Point(48.84627, 2.33717), (("Lina", 6, "football"), ("Sami", 9, "chess"))),
    Family("Bruno", Point(48.86083, 2.38139), (("Zoe", 7, "football"), ("Hugo", 4, "painting"))),
    Family("Chloe", Point(45.76926, 4.85061), (("Emma", 8, "swimming"),)),
    Family("Diego", Point(40.41528, -3.68430), (("Mateo", 5, "dinosaurs"), ("Lucia", 10, "chess"))),
)
OPERATOR = "operator"


def seed(conn: Connection, password: str) -> list[DemoUser]:
    """Make the missing rows and change no others; the first two families are friends."""
    with conn.transaction():
        ids = [_family(conn, family, password) for family in FAMILIES]
        _account(conn, OPERATOR, "operator", password)
        _befriend(conn, ids[0], ids[1])
    users = [DemoUser(name=family.guardian, password=password, role="guardian") for family in FAMILIES]
    return [*users, DemoUser(name=OPERATOR, password=password, role="operator")]


def _account(conn: Connection, name: str, role: str, password: str) -> tuple[GuardianId, bool]:
    existing = accounts.find_credentials(conn, name)
    if existing:
        return existing.account.id, False
    email, hashed = f"{name.lower()}@example.com", hash_password(password)
    return accounts.create_guardian(conn, name=name, email=email, password_hash=hashed, role=role).id, True


def _family(conn: Connection, family: Family, password: str) -> GuardianId:
    guardian, new = _account(conn, family.guardian, "guardian", password)
    if new:
        points.set_point(conn, guardian, family.point)
        for name, age, activity in family.kids:
            kids.add(conn, guardian, name=name, age=age, favorite_activity=activity)
    return guardian


def _befriend(conn: Connection, asker: GuardianId, receiver: GuardianId) -> None:
    if friends.ask(conn, asker, receiver) is not None:
        friends.answer(conn, receiver, asker, State.ACCEPTED)
