"""A session: from a sign-in until it ends, over any number of tokens."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import uuid4

#: Seconds after the sign-in at which a session ends at the latest.
LONGEST_SESSION = 12 * 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The claims about the session in each of its tokens."""

    id: str = field(default_factory=lambda: uuid4().hex)
    #: Sessions of an earlier generation of their owner have ended.
    generation: int = 0
    #: Time of the sign-in, in epoch seconds.
    began_at: float = field(default_factory=time.time)

    @property
    def ends_at(self) -> float:
        return self.began_at + LONGEST_SESSION
