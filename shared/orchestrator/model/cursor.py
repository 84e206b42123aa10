"""Where a watcher is in its owner's feed.

A cursor is a Postgres snapshot: exactly the transactions whose events the watcher has seen. An id would not do:
a transaction that began earlier can commit later, and its events would be skipped. Within a page on the way to a
newer snapshot, the last (task, seq) delivered is kept too, so that a cut between two frames loses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from orchestrator.model.errors import InvalidInput

_SNAPSHOT = r"\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19}){0,999})?"
_TEXT = re.compile(rf"({_SNAPSHOT})(?:/({_SNAPSHOT})/([0-9a-f]{{32}})/(\d{{1,9}}))?")
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Cursor:
    """`base` is the snapshot seen whole; with `target`, its newer events have been seen up to (task, seq)."""

    base: str
    target: str | None = None
    task: UUID = _FIRST
    seq: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise InvalidInput for text that this class did not write."""
        found = _TEXT.fullmatch(text)
        if found is None or not all(_in_order(part) for part in found.group(1, 2) if part):
            raise InvalidInput("cursor: invalid; subscribe without it to start at the present.")
        base, target, task, seq = found.groups()
        return cls(base, target, UUID(task), int(seq)) if target else cls(base)

    def at(self, target: str, task: UUID, seq: int) -> Self:
        """After the frame of (task, seq) on the way to `target`."""
        return replace(self, target=target, task=task, seq=seq)

    def newest(self) -> int:
        """Return the highest transaction id it claims to know of, exclusive."""
        return max(int(part.split(":")[1]) for part in (self.base, self.target) if part)

    def __str__(self) -> str:
        return self.base if self.target is None else f"{self.base}/{self.target}/{self.task.hex}/{self.seq}"


def _in_order(snapshot: str) -> bool:
    """Return whether Postgres accepts it: 0 < xmin <= running … <= xmax, rising."""
    xmin, xmax, running = snapshot.split(":")
    ids = [int(part) for part in running.split(",")] if running else []
    bounds = [int(xmin), *ids, int(xmax)]
    return bounds[0] > 0 and bounds[-1] < 2**63 and bounds == sorted(bounds) and len(set(ids)) == len(ids)
