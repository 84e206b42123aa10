"""Whose rows a statement may see: one owner's, or explicitly any owner's."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias


class AnyOwner(Enum):
    """The type of ANY_OWNER."""

    ANY_OWNER = "any owner"


#: For operators and the engine itself; never for a request of an owner.
ANY_OWNER: Final = AnyOwner.ANY_OWNER
#: The owner of tasks that agents declare for the system; no access token has it as its subject.
SYSTEM_OWNER: Final = "system"
#: One owner's id, or ANY_OWNER.
Owner: TypeAlias = str | Literal[AnyOwner.ANY_OWNER]


def owner_filter(owner: Owner) -> dict[str, str | bool | None]:
    """Return the parameters `any_owner` and `owner_id`. A missing owner (None) is nobody, and matches no row."""
    if owner is ANY_OWNER:
        return {"any_owner": True, "owner_id": None}
    return {"any_owner": False, "owner_id": owner}
