"""The engine knows nothing of the application that is deployed with it."""

from __future__ import annotations

import re
import tomllib

import pytest

from tools.virtualenvs import ROOT

#: The engine's folders: its package, its command line and their shared code.
ENGINE = ("shared/orchestrator", "clients/cli/orchestrator_cli")
#: Terms of the playdate application. (`kid` is the name of a key in a JSON Web Token.)
PLAYDATE_TERMS = re.compile(r"play-?mate|play-?date|friend|guardian|\bkids\b|\bfamily's\b", re.IGNORECASE)


@pytest.mark.parametrize("folder", ENGINE)
def test_no_word_of_the_application_stands_in_the_engine(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".sql", ".md", ".json"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PLAYDATE_TERMS.search(line)
    ]
    assert found == []


def test_playdate_terms_are_found() -> None:
    assert all(
        PLAYDATE_TERMS.search(text)
        for text in ("playmate.agents", "friend.ask", "a playdate", "three kids", "Guardian")
    )
    assert not PLAYDATE_TERMS.search('keys by `kid`, kid=kid, keys["kid"]')


def test_the_wheel_has_the_engine_and_its_command_line_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["packages"]["find"]["include"] == ["orchestrator*", "orchestrator_cli*"]
    extras = project["project"]["optional-dependencies"]
    assert {"cli", "playmate", "dev"} <= extras.keys()
    needed = {re.split(r"[^\w-]", one)[0].lower() for one in project["project"]["dependencies"]}
    applications = {re.split(r"[^\w-]", one)[0].lower() for one in extras["playmate"]}
    assert needed.isdisjoint(applications)
