"""`make reference`: the pages of docs/ that are generated from the code. A test compares each with its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.progress import say
from tools.quality import cost
from tools.quality.growth import scale
from tools.quality.reference import (
    command_line,
    configuration,
    database,
    decision_index,
    http_api,
    javascript_client,
    log_messages,
)
from tools.virtualenvs import ROOT

DOCS = ROOT / "docs"
#: Each page below docs/ and the function that returns its text.
PAGES: dict[str, Callable[[], str]] = {
    "decisions/index.md": decision_index.page,
    "explanation/cost.md": cost.sheet,
    "explanation/scale.md": scale.page,
    "reference/cli.md": command_line.page,
    "reference/configuration.md": configuration.page,
    "reference/http.md": http_api.page,
    "reference/javascript-client.md": javascript_client.page,
    "reference/log-messages.md": log_messages.page,
}
#: Generated too, but from a migrated database, so an integration test compares it.
DATABASE_PAGE = "reference/database.md"


def write() -> int:
    """Write every generated page."""
    for name, page in PAGES.items():
        _write(DOCS / name, page())
    _write(DOCS / DATABASE_PAGE, database.page_of_new_database())
    return 0


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        say(f"  wrote {path.relative_to(ROOT)}")
