"""Completions for the shell: the API is asked for a second at most; without an answer there are none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import typer

from orchestrator_cli.session import Session, find

#: The most seconds that a completion takes.
PATIENCE = 1.0
VALUES = ("on", "off", "default")
STATUSES = ("pending", "processing", "completed", "failed", "dead-letter", "cancelled")


def one_of(*names: str) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return _beginning(incomplete, names)

    return complete


def values(incomplete: str) -> list[str]:
    return _beginning(incomplete, VALUES)


def types(context: typer.Context, incomplete: str) -> list[str]:
    return _beginning(incomplete, _asked(context, lambda session: session.get("/ops/flags")["types"]))


def flags(context: typer.Context, incomplete: str) -> list[str]:
    return _beginning(incomplete, _asked(context, _flag_names))


def fingerprints(context: typer.Context, incomplete: str) -> list[str]:
    return _beginning(incomplete, _asked(context, _fingerprints))


def _flag_names(session: Session) -> list[str]:
    view = session.get("/ops/flags")
    return [*(flag["name"] for flag in view["flags"]), *(f"task.{each}" for each in view["types"])]


def _fingerprints(session: Session) -> list[str]:
    return [group["fingerprint"] for group in session.get("/ops/dead-letters", limit=1)["groups"]]


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name and name.startswith(incomplete)})


def _asked(context: typer.Context, read: Callable[[Session], Iterable[str]]) -> list[str]:
    given: dict[str, Any] = context.find_root().params
    found: list[str] = []

    def ask() -> None:
        with suppress(Exception):  # the command itself reports every fault
            found.extend(read(find(given.get("url"), given.get("token"), given.get("stack"))))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return found
