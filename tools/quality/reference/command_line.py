"""The reference of the command line, from its typer application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from playmate_cli.main import app
from tools.quality.reference.markdown import code, document, table

INTRODUCTION = """\
Install it with `pip install '.[cli]'`, or source `.local/aws.env` for the local stack. The commands of `knowledge`
belong to the application. [Operate](../how-to/operate.md) explains the target of a command, sign-in and exit codes."""


def page() -> str:
    """Return reference/cli.md."""
    root: Any = get_command(app)
    lines = [root.help, "", *_parameters(root)]
    for name, command in _commands(root, "orchestrator"):
        lines += [f"## `{name}`", "", _sentence(command.help or ""), "", *_parameters(command)]
    return document("Command line", INTRODUCTION, lines)


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Return every command below a group with its full name; a group itself when it has a help text."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _parameters(command: Any) -> list[str]:
    shown = [each for each in command.params if each.name not in ("help", "install_completion", "show_completion")]
    rows = [(_name(each), _values(each), _help(each)) for each in shown]
    return table(("argument or option", "value", "meaning"), rows)


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(parameter.metavar or parameter.name.upper())
    return ", ".join(code(each) for each in (*parameter.opts, *parameter.secondary_opts))


def _values(parameter: Any) -> str:
    if getattr(parameter, "is_flag", False):
        return "flag"
    kind = parameter.type_descriptor.annotation
    return {float: "number", int: "number", Path: "file"}.get(kind, "text")


def _help(parameter: Any) -> str:
    notes = [str(getattr(parameter, "help", None) or "")]
    default = parameter.default
    if isinstance(default, int | float | str) and not isinstance(default, bool):
        notes.append(f"Default {code(default)}.")
    if getattr(parameter, "envvar", None):
        notes.append(f"Also {code(parameter.envvar)}.")
    return _sentence(" ".join(each for each in notes if each))


def _sentence(text: str) -> str:
    """One line; Markdown leaves angle brackets and asterisks alone only as entities."""
    return re.sub(r"\s+", " ", text).strip().replace("<", "&lt;")
