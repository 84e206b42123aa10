"""Answers for people (tables, colours) or for programs (--json)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

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

#: Characters that steer a terminal, or turn the direction of the text.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

#: Text, or text with a style.
Part = str | tuple[str, str] | Text


class _Out(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command's end, which gives it an exit code."""
        raise BrokenPipeError


out = _Out()
if not out.is_terminal:
    out = _Out(width=200)  # a pipe has no edge that a table would have to be folded at


def plain(value: object) -> str:
    """Foreign text made safe for a terminal."""
    return _STEERING.sub("", str(value))


def line(*parts: Part) -> Text:
    """One line of parts; brackets in them are brackets, not styles."""
    return Text.assemble(*(part if isinstance(part, Text) else _plain_part(part) for part in parts))


def say(*parts: Part) -> None:
    out.print(line(*parts))


#: Control characters, and those that change the direction of the text around them.
_UNSEEN = "[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"


def as_json(value: Any, *, on_one_line: bool = False) -> None:
    text = json.dumps(value, indent=None if on_one_line else 2, ensure_ascii=False)
    typer.echo(re.sub(_UNSEEN, lambda found: f"\\u{ord(found[0]):04x}", text))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    shown = Text(plain(title)) if title is not None else None
    made = Table(title=shown, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        side: Literal["left", "right"] = "right" if column.startswith("#") else "left"
        made.add_column(column, justify=side, overflow="fold", no_wrap=column in NARROW)
    for row in rows:
        made.add_row(*(_cell(cell) for cell in row))
    return made


def status(value: str) -> Text:
    return Text(plain(value), style=STATUS_STYLES.get(value, "white"))


def print_task(task: dict[str, Any], json: bool) -> None:
    """Print the type, id and status of a task."""
    if json:
        as_json(task)
    else:
        say(f"{task['type']} {task['id']} is ", status(task["status"]), ".")


def ago(moment: str | None) -> str:
    """Return the time since a moment, as people say it."""
    if not moment:
        return ""
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return duration((datetime.now(UTC) - then).total_seconds())


def duration(seconds: float) -> str:
    """Return a duration as the operators' page has it: whole minutes, hours and days that have passed."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{int(seconds / size)} {unit}"
    return f"{seconds:.1f} s" if abs(seconds) < 10 else f"{int(seconds)} s"


def failure(error: Any) -> str:
    """Return an error in one line."""
    if not isinstance(error, dict):
        return plain(error or "")
    kind = error.get("type") or error.get("kind", "")
    return plain(f"{kind}: {error.get('message', '')}".splitlines()[0])[:120]


def unasked(yes: bool, json: bool) -> None:
    """Refuse a program that did not confirm beforehand: nobody can ask it."""
    if json and not yes:
        raise typer.BadParameter("with --json nobody is asked: add --yes")


def facts(detail: Any) -> str:
    """Return the details of a response in one line; of a long list only the beginning."""
    return " ".join(f"{name}={_fact(value)}" for name, value in detail.items())


def confirm(question: str, yes: bool, *, where: Callable[[], str]) -> None:
    """Ask before a change; `where` is the API that would make it."""
    if not yes:
        typer.confirm(plain(f"{where()}: {question}"), abort=True)


def _plain_part(part: str | tuple[str, str]) -> str | tuple[str, str]:
    return plain(part) if isinstance(part, str) else (plain(part[0]), part[1])


def _cell(value: object) -> Text:
    return value if isinstance(value, Text) else Text(plain(value) if value is not None else "")


def _fact(value: Any) -> str:
    if not isinstance(value, list) or len(value) <= 3:
        return str(value)
    return f"{', '.join(map(str, value[:3]))} and {len(value) - 3} more"
