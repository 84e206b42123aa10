"""Names inside the code follow the same rules as its prose: no metaphor and no riddle stands for a technical thing.

A name is read by its parts: `dead_letter` and `DeadLetter` are a term, `letter` alone is not. The names are read where
code makes them: in Python, SQL (aliases and subqueries) and JavaScript (declarations).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

FORBIDDEN = frozenset(
    (
        "letter",
        "letters",
        "death",
        "deaths",
        "bury",
        "buried",
        "door",
        "doors",
        "desk",
        "desks",
        "front",
        "tell",
        "tells",
        "telling",
        "told",
        "look",
        "looks",
        "looked",
        "looking",
        "place",
        "places",
        "placed",
        "words",
        "hold",
        "holds",
        "holding",
        "held",
        "ours",
        "undertaker",
        "mend",
        "mends",
        "mended",
        "mending",
        "revive",
        "revives",
        "revived",
        "reviving",
        "acting",
        "suspect",
        "suspects",
        "dossier",
        "hint",
        "hints",
    )
)
#: Pronouns that no name begins with, as no sentence does: `test_what_fits`.
RIDDLES = frozenset(("who", "whom", "whoever", "what", "whatever"))
PYTHON, SQL, JAVASCRIPT = (".py",), (".sql",), (".js",)
_PART = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_ALIAS = re.compile(r"\bAS\s+([a-z_]+)|\b([a-z_]+)\s+AS\s+(?:MATERIALIZED\s+)?\(")
_DECLARED = re.compile(r"\b(?:const|let|var|function|class)\s+([A-Za-z_$][\w$]*)")


def made_in(path: Path) -> set[str]:
    """Return the names that a file makes; of other kinds of files none."""
    text = path.read_text(encoding="utf-8")
    if path.name.endswith(PYTHON):
        return set(_python(ast.walk(ast.parse(text))))
    if path.name.endswith(SQL):
        code = re.sub(r"--.*|'[^']*'", "", text)
        return {first or second for first, second in _ALIAS.findall(code)}
    return set(_DECLARED.findall(text)) if path.name.endswith(JAVASCRIPT) else set()


def faults(name: str) -> list[str]:
    """Return the parts of a name that break the rules; `letter` behind `dead` is a term."""
    parts = [part.lower() for part in _PART.findall(name)]
    pairs = zip(["", *parts], parts, strict=False)
    found = [part for before, part in pairs if part in FORBIDDEN and (before, part[:6]) != ("dead", "letter")]
    first = next((part for part in parts if part != "test"), "")
    return [first, *found] if first in RIDDLES else found


def _python(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name
