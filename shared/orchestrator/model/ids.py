"""Task ids (UUID version 7, RFC 9562 §5.7, so that new rows are side by side in the index), and names of waits."""

from __future__ import annotations

import re
import secrets
import time
from datetime import datetime
from uuid import UUID

#: The name of a wait is a part of a path: `/api/tasks/{id}/signals/{name}`.
WAIT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}", re.ASCII)
#: An answer token; its beginning distinguishes it from an access token.
ANSWER_TOKEN = re.compile(r"ask_[A-Za-z0-9_-]{20,90}", re.ASCII)


def new_task_id() -> UUID:
    """Return a time-ordered id: 48 bits of milliseconds, 12 of their fraction (§6.2, method 3), 62 random bits.

    The fraction's unit is 244 ns, so ids made one after the other in a process are in that order.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | secrets.randbits(62))


def first_id_at(moment: datetime) -> UUID:
    """Return the id that is above every id made before this moment, and not above later ones."""
    milliseconds = int(moment.timestamp() * 1_000)
    return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << 80)


def new_answer_token() -> str:
    """Return a token that nobody can guess."""
    return "ask_" + secrets.token_urlsafe(24)
