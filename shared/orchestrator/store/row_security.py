"""The row security context: the second check behind the owner that each query names.

Row-level security (migrations `*_roles.sql`) reads transaction-local settings. They are sent with the statement
in one network write, so that the check costs no round trip and leaves no state on the connection.
"""

from __future__ import annotations

import json
from typing import NewType, Protocol

#: Settings of a transaction, as a JSON object by name; empty for none.
RowContext = NewType("RowContext", str)

NOBODY = RowContext("")


class Session(Protocol):
    """The session that a request belongs to: an identity from a token."""

    @property
    def session(self) -> str | None: ...
    @property
    def generation(self) -> int | None: ...


def owner(id: str, of: Session | None = None) -> RowContext:
    """Return the context for the rows of one owner. With a session: refused when the session has ended."""
    return RowContext(json.dumps({"orchestrator.owner": id, **_session(of)}))


def caller(id: str, of: Session | None = None) -> RowContext:
    """Return `owner` for a request of the owner's own: refused when the account is closed, too."""
    return RowContext(json.dumps({"orchestrator.owner": id, "orchestrator.caller": id, **_session(of)}))


def operator(id: str, of: Session | None = None) -> RowContext:
    """Return the context of an operator, for the rows of every owner."""
    return RowContext(json.dumps({"role": "orchestrator_operator", "orchestrator.caller": id, **_session(of)}))


def setting(name: str, value: str) -> RowContext:
    """Return the context for a policy of the application."""
    return RowContext(json.dumps({name: value}))


def together(one: RowContext, other: RowContext) -> RowContext:
    """Return the context with the settings of both."""
    return RowContext(json.dumps({**json.loads(one), **json.loads(other)}))


def _session(of: Session | None) -> dict[str, str]:
    """Return the settings that name a session of the API; an outside issuer's sessions end with their tokens."""
    if of is None or of.session is None or of.generation is None:
        return {}
    return {"orchestrator.session": of.session, "orchestrator.generation": str(of.generation)}
