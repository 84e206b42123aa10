"""Feature flags as the engine reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from orchestrator.aws.feature_flags import TASK_PREFIX
from orchestrator.model.task import Json


class FlagReader(Protocol):
    """The current flag values, for all owners or for one."""

    def enabled(self, name: str, owner: str | None = None, default: bool = True) -> bool: ...

    def values(self, names: tuple[str, ...], owner: str | None = None) -> Mapping[str, bool]: ...

    def parked_types(self) -> frozenset[str]: ...

    def last_read(self) -> Mapping[str, Json] | None: ...


def flag_of_type(task_type: str) -> str:
    """Return the name of the flag that pauses a task type."""
    return f"{TASK_PREFIX}{task_type}"
