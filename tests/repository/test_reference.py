"""The generated pages of the documents are the code's, and the glossary has every public name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from typer.main import get_command

from orchestrator.observability.metrics import Count, Duration, Gauge
from playmate_cli.main import app
from tools.quality import openapi
from tools.quality.reference import log_messages
from tools.quality.reference.pages import DOCS, PAGES

GLOSSARY = DOCS / "reference" / "glossary.md"
METRICS = DOCS / "reference" / "metrics.md"
#: Options that every command has, or that only spell another one.
PLAIN = {"--help", "--install-completion", "--show-completion"}


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_fresh(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run: make reference"


def entries() -> set[str]:
    """The names in the first column of the glossary's tables, and those of its lists of metrics."""
    text = GLOSSARY.read_text(encoding="utf-8")
    rows = re.findall(r"^\|(.+?)\|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)} | set(re.findall(r"`([A-Z]\w+)`", text))


def api_names() -> Iterator[str]:
    """Segments of paths, parameters, values of enumerations and fields."""
    api = json.loads(openapi.text())
    for path, methods in api["paths"].items():
        yield from (part for part in path.split("/") if part and not part.startswith("{"))
        for operation in methods.values():
            yield from (parameter["name"] for parameter in operation.get("parameters", ()))
    yield from _names_in(api)


def _names_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (each for each in schema.get("enum", ()) if isinstance(each, str))
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for value in schema.values():
            yield from _names_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _names_in(value)


def command_names(group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        yield name
        if hasattr(command, "commands"):
            yield from command_names(command)
        else:
            for parameter in command.params:
                yield from (option for option in parameter.opts if option.startswith("--"))


def test_every_name_of_the_api_is_in_the_glossary() -> None:
    assert sorted({name for name in api_names() if not name.isdigit()} - entries()) == []


def test_every_name_of_the_command_line_is_in_the_glossary() -> None:
    assert sorted(set(command_names(get_command(app))) - entries() - PLAIN) == []


@pytest.mark.parametrize("page", [GLOSSARY, METRICS], ids=lambda page: page.stem)
def test_every_metric_is_explained(page: Any) -> None:
    named = set(re.findall(r"`(\w+)`", page.read_text(encoding="utf-8")))
    assert {*get_args(Count), *get_args(Duration), *get_args(Gauge)} - named == set()


def test_log_messages_are_found_with_their_values() -> None:
    page = log_messages.page()
    assert "| `task KIND` |" in page
    assert "| `lease ended` | WARNING | `task_id`" in page
    assert "| `invocation done` | INFO OR DEBUG |" in page
