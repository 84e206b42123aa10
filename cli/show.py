"""Answers for people (tables, colours) or for programs (--json)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="The API's answer as JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

#: Columns that are read whole or not at all.
NARROW = ("id", "fingerprint", "status", "age", "last", "at", "event")

STATUS_STYLES = {
    "pending": "yellow",
    "processing": "cyan",
    "completed": "green",
    "failed": "magenta",
    "dead-letter": "red",
    "cancelled": "dim",
}

out = Console()
if not out.is_terminal:
    out = Console(width=200)  # a pipe has no edge that a table would have to be folded at


def as_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        side: Literal["left", "right"] = "right" if column.startswith("#") else "left"
        made.add_column(column, justify=side, overflow="fold", no_wrap=column in NARROW)
    for row in rows:
        made.add_row(*(str(cell) if cell is not None else "" for cell in row))
    return made


def status(value: str) -> str:
    return f"[{STATUS_STYLES.get(value, 'white')}]{value}[/]"


def ago(moment: str | None) -> str:
    """How long ago, as people say it."""
    if not moment:
        return ""
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return duration((datetime.now(UTC) - then).total_seconds())


def duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if abs(seconds) < 10 else f"{seconds:.0f} s"


def failure(error: Any) -> str:
    """An error in one line."""
    if not isinstance(error, dict):
        return str(error or "")
    kind = error.get("type") or error.get("kind", "")
    return f"{kind}: {error.get('message', '')}".splitlines()[0][:120]


def unasked(yes: bool, json: bool) -> None:
    """A program cannot be asked: it says yes beforehand."""
    if json and not yes:
        raise typer.BadParameter("with --json nobody is asked: add --yes")


def confirm(question: str, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)
