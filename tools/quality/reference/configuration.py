"""The reference of the environment, from the fields of `orchestrator.settings.Settings` and their comments."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from orchestrator import settings
from tools.quality.reference.markdown import code, document, table
from tools.virtualenvs import ROOT

INTRODUCTION = """\
`shared/orchestrator/settings.py` is the only module that reads the environment. The template sets every variable, so a
deploy needs [parameters](parameters.md) only. A function that finds a wrong variable refuses to start and names every
fault. An empty variable counts as not set."""


def page() -> str:
    """Return reference/configuration.md."""
    rows = [(code(name.upper()), kind, code(default), comment) for name, kind, default, comment in _fields()]
    return document(
        "Configuration", INTRODUCTION, [*table(("variable", "type", "default", "meaning"), rows), *_local()]
    )


def _fields() -> Iterator[tuple[str, str, str, str]]:
    """(name, type, default, comment) of each field."""
    source = inspect.getsource(settings).splitlines()
    tree = ast.parse("\n".join(source))
    declared = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    for node in declared.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            default = ast.literal_eval(node.value) if isinstance(node.value, ast.Constant | ast.Tuple) else ""
            shown = "" if default in ("", (), 0) else str(default).lower() if isinstance(default, bool) else default
            yield node.target.id, _kind(ast.unparse(node.annotation)), str(shown), _comment(source, node.lineno)


def _kind(annotation: str) -> str:
    if annotation.startswith("Mapping"):
        return "pairs `part=value`, separated by commas"
    if annotation.startswith("tuple"):
        return "list, separated by commas"
    return {
        "str": "text",
        "int": "number",
        "bool": "`true` or `false`",
        "Environment": "`local`, `staging` or `prod`",
    }.get(annotation, annotation)


def _comment(source: list[str], line: int) -> str:
    """Return the `#:` lines directly above a field (its line number counts from 1)."""
    found: list[str] = []
    for text in reversed(source[: line - 1]):
        if not text.strip().startswith("#:"):
            break
        found.insert(0, text.strip().removeprefix("#:").strip())
    return " ".join(found)


def _local() -> list[str]:
    """Return the variables of `make`, as the Makefile exports them or tools read them."""
    exported = {
        "PORT_BASE": "the first of three ports of the local stack; default 8800",
        "ALLOWED_ORIGINS": "more browser origins that may call the local API",
        "OTLP_ENDPOINT": "a collector of traces for the local stack",
        "FUNCTION, EVENT": "for `make invoke`",
        "SAM_ARGS": "more options of `sam local invoke`",
        "NAME": "for `make agent`",
        "MINUTES": "for `make soak`; default 10",
        "PYTHON": "the interpreter of `make`; default `python3`",
    }
    known = "\n".join(path.read_text() for path in [ROOT / "Makefile", *(ROOT / "tools").rglob("*.py")])
    rows = [
        (", ".join(code(each) for each in names.split(", ")), meaning)
        for names, meaning in exported.items()
        if all(each in known for each in names.split(", "))
    ]
    return ["## Local commands", "", *table(("variable of `make`", "meaning"), rows)]
