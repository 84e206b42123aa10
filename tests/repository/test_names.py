"""Names inside the code follow the rules of plain English (tools/quality/language/names.py has them)."""

from __future__ import annotations

import subprocess

import pytest

from tools.quality.language import names
from tools.virtualenvs import ROOT

#: Files of others, and files that never change.
EXEMPT = (
    "shared/orchestrator/store/migrations/",
    "shared/playmate/store/migrations/",
    "web/shared/vendor/",
    "web/map-data/",
)
#: Public names, which stay, and terms of their own subject, each with its reason.
ALLOWED = {
    "front_required": "a field of the settings has the name of its environment variable, FRONT_REQUIRED",
    "front_secret_arn": "the environment variable is FRONT_SECRET_ARN",
    "suspect": "a column of agent_tasks",
    "PLACES": "real places of the world",
    "place": "real places of the world",
    "places": "real places of the world, also a column of the knowledge documents",
    "usePlaceName": "real places of the world",
    "_only_letters": "letters of the alphabet",
    "test_a_name_without_letters_forbids_nothing": "letters of the alphabet",
    "hintId": "the id of a form field's hint, as in HTML",
}


def files() -> list[str]:
    """Return the tracked files whose names count."""
    kinds = (*names.PYTHON, *names.SQL, *names.JAVASCRIPT)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [
        name
        for name in listed.stdout.splitlines()
        if name.endswith(kinds) and not name.startswith(EXEMPT) and (ROOT / name).is_file()
    ]


def test_names_are_plain_english() -> None:
    made = {name: names.made_in(ROOT / name) for name in files()}
    assert len(made) > 400
    found = {
        name: sorted(one for one in ones if names.faults(one) and one not in ALLOWED) for name, ones in made.items()
    }
    assert {name: ones for name, ones in found.items() if ones} == {}


def test_every_exception_is_in_use() -> None:
    made = {one for name in files() for one in names.made_in(ROOT / name)}
    assert {name for name in ALLOWED if name not in made} == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dead_letters", []),
        ("DeadLetterSender", []),
        ("letters", ["letters"]),
        ("countLetters", ["letters"]),
        ("cloudfront", []),
        ("Front", ["front"]),
        ("test_what_is_told", ["what", "told"]),
        ("guests_who_agreed", []),
        ("who", ["who"]),
        ("placeholder", []),
        ("DOORS", ["doors"]),
        ("lookup", []),
    ],
)
def test_names_are_read_by_their_parts(name: str, expected: list[str]) -> None:
    assert names.faults(name) == expected
