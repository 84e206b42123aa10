"""Who the database believes is asking: the second lock behind the owner that each query names.

Row-level security (migrations `*_roles.sql`) reads transaction-local settings. They travel in front of a statement in
the same network flush, so the lock costs no round trip and leaves nothing behind on the connection.
"""

from __future__ import annotations

import json
from typing import NewType

#: Settings of a transaction, as a JSON object by name; empty for none.
Acting = NewType("Acting", str)

NOBODY = Acting("")


def owner(id: str) -> Acting:
    """The rows of one owner alone."""
    return setting("orchestrator.owner", id)


def caller(id: str) -> Acting:
    """As `owner`, for a request of the owner's own: refused when the account has been closed."""
    return Acting(json.dumps({"orchestrator.owner": id, "orchestrator.caller": id}))


def operator(id: str) -> Acting:
    """Everybody's rows, for a caller who was found to be an operator."""
    return Acting(json.dumps({"role": "orchestrator_operator", "orchestrator.caller": id}))


def setting(name: str, value: str) -> Acting:
    """What a policy of the application's own asks for."""
    return Acting(json.dumps({name: value}))
