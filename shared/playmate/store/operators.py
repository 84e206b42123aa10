"""Operators: accounts that have signed up like every other and were promoted by the migrate function."""

from __future__ import annotations

from typing import Any

from orchestrator.store import audit
from orchestrator.store.connection import Database
from playmate.store.accounts import promote_to_operator

#: The actor of a promotion in the audit trail; CloudTrail knows the principal that invoked the function.
ACTOR = "migrate function"


class NoSuchAccount(Exception):
    """Nobody has signed up under the name or e-mail address."""

    FIT_FOR_LOGS = True


def promote(db: Database, identifier: str) -> dict[str, Any]:
    """Make the account an operator's and note it in the audit trail.

    Tokens carry the role: the operator signs in again. Raise NoSuchAccount where nobody has that name.
    """
    with db.transaction() as conn:
        guardian = promote_to_operator(conn, identifier)
        if guardian is None:
            raise NoSuchAccount("operator: no account has this name or e-mail address; sign up first, then repeat")
        audit.record_action(conn, ACTOR, "promote", {"guardian": str(guardian)})
    return {"operator": str(guardian), "next": "sign in again: a token carries the role of its account"}
