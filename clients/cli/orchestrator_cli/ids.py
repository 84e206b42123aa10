"""Ids of tasks, as people have them at hand."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

import typer


def hyphenated(id: str) -> str:
    """Return an id as the API writes it; logs and people leave the hyphens out."""
    given = id.strip()
    return str(UUID(given)) if re.fullmatch(r"[0-9A-Fa-f]{32}", given) else given


def _all_hyphenated(ids: list[str] | None) -> list[str]:
    return [hyphenated(id) for id in ids or ()]


Id = Annotated[str, typer.Argument(metavar="ID", help="The task's id.", callback=hyphenated)]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Tasks by id.", callback=_all_hyphenated)]
