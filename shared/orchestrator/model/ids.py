"""Task ids: UUID version 7 (RFC 9562 §5.7), so that new rows land side by side in the index."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def new_task_id() -> UUID:
    """A time-ordered random id: 48 bits of milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
