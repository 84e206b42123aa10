"""The loader of the named statements in `queries/*.sql`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import LiteralString

from orchestrator.store.intervals import INTERVALS


@cache
def load_queries(package: str, stem: str) -> Mapping[str, LiteralString]:
    """Return the statements of `package`/queries/`stem`.sql by name; each begins with `-- name: …`.

    A line `-- include: …` stands for the text of a file in queries/parts.
    """
    folder = resources.files(package).joinpath("queries")
    text = _with_parts(folder, folder.joinpath(f"{stem}.sql").read_text(encoding="utf-8"))
    parts = re.split(r"^-- name: (\w+)\s*$", text, flags=re.MULTILINE)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/queries/{stem}.sql names a statement twice")
    # Literal in fact if not to the type checker: files of the package, never formatted.
    return {name: _with_intervals(_without_comments(body)) for name, body in zip(names, bodies, strict=True)}


def _with_parts(folder: Traversable, text: str) -> str:
    def part(include: re.Match[str]) -> str:
        return _with_parts(folder, folder.joinpath("parts", f"{include[1]}.sql").read_text(encoding="utf-8"))

    return re.sub(r"^ *-- include: (\w+)$", part, text, flags=re.MULTILINE)


def _with_intervals(sql: str) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda name: INTERVALS[name[1]], sql)


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--")).strip()
