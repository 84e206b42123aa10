"""Prose follows the rules of plain English that a program can check (tools/quality/language/prose.py has them)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.quality.language import prose
from tools.quality.reference.pages import DATABASE_PAGE, PAGES
from tools.virtualenvs import ROOT

#: Documents of the application that families read, documents of others, and pages that repeat the prose of code.
EXEMPT = (
    "shared/orchestrator/store/migrations/",  # applied files never change: a database remembers their checksums
    "shared/playmate/knowledge/",
    "shared/playmate/store/migrations/",
    "web/shared/vendor/",
    *(f"docs/{name}" for name in (*PAGES, DATABASE_PAGE) if name.startswith("reference/")),
)
#: Files about the map, which name real locations.
MAP_FILES = ("shared/playmate/sources/", "web/families/map/", "web/map-data/", "NOTICE")
#: Messages that stay: about the alphabet, and a log message, which is public.
MESSAGES = {
    "must begin with a small letter and have letters, digits, and .",
    "the name of a wait must have 1 to 100 letters, digits or one of .",
    "dead-letter queue not looked through",
    "somebody else's answer",
}
#: The most messages that may break a rule, and docstrings that describe: a rule about a new text need not stop a merge.
MOST_UNPLAIN_MESSAGES = 4
MOST_DESCRIPTIONS = 15
#: The most subjects without a name per thousand of the documents.
MOST_RIDDLES = 2.0


def files() -> list[str]:
    """Return the tracked files whose prose counts."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kinds = (*prose.MARKDOWN, *prose.PYTHON, *prose.HASH_COMMENTS, *prose.DASH_COMMENTS, *prose.SLASH_COMMENTS)
    names = [name for name in listed.stdout.splitlines() if name.endswith(kinds) and (ROOT / name).is_file()]
    assert len(names) > 300
    return [name for name in names if not name.startswith(EXEMPT)]


def faults_of(name: str) -> list[str]:
    found = [(fault, one) for one in prose.sentences(ROOT / name) for fault in prose.faults(one)]
    allowed = ("place", "places") if name.startswith(MAP_FILES) else ()
    return [f"{fault}: {one}" for fault, one in found if fault not in allowed]


def test_files_are_plain_english() -> None:
    found = {name: faults_of(name) for name in files()}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_messages_are_plain_english() -> None:
    """Error messages, help of commands and descriptions of the API; families' texts have a language of their own."""
    found = {
        name: [one for one in prose.messages(ROOT / name) if prose.faults(one)]
        for name in files()
        if name.endswith(prose.PYTHON)
        and name.startswith(("shared/orchestrator/", "clients/", "functions/", "tools/"))
        and not name.startswith("tools/quality/language/")  # the rules name the forbidden terms
    }
    assert len(found) > 200
    rest = {name: [one for one in texts if one not in MESSAGES] for name, texts in found.items()}
    unplain = {name: texts for name, texts in rest.items() if texts}
    assert sum(map(len, unplain.values())) <= MOST_UNPLAIN_MESSAGES, unplain


def test_docstrings_of_functions_use_the_imperative() -> None:
    """`Return …`, `Raise …`: no docstring begins with an article or with a verb that ends in s."""
    product = [name for name in files() if name.endswith(prose.PYTHON) and kind_of(name) == "product"]
    found = {name: prose.descriptions(ROOT / name) for name in product}
    others = {name: first for name, first in found.items() if first}
    assert sum(map(len, others.values())) <= MOST_DESCRIPTIONS, others


def test_sentences_of_documents_are_short() -> None:
    long = [
        f"{name}: {one}"
        for name in files()
        if name.endswith(prose.MARKDOWN)
        for one in prose.sentences(ROOT / name)
        if len(one.split()) > prose.LONGEST
    ]
    assert long == []


@pytest.mark.parametrize("kind", ["documents", "product", "tests"])
def test_sentences_name_their_subjects(kind: str) -> None:
    """The documents, the code of the product and its tools, and the tests, each by itself."""
    texts = [one for name in files() if kind_of(name) == kind for one in prose.sentences(ROOT / name)]
    assert len(texts) > 500
    assert prose.riddles_per_thousand(texts) < MOST_RIDDLES


def kind_of(name: str) -> str:
    if name.endswith(prose.MARKDOWN):
        return "documents"
    return "tests" if name.startswith("tests/") else "product"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Who signs in after that gets a new token.", ["who"]),
        ("What is parked waits.", ["what"]),
        ("Who may read it?", []),
        ("Operators decide what happens.", []),
        ("The dead letter waits in the dead-letter queue.", []),
        ("The letter is back.", ["letter"]),
        ("The front end replaces the file in place.", []),
        ("CloudFront is the front.", ["front"]),
        ("A lookup finds a look-alike below the threshold.", []),
        ("It looks again and tells nobody.", ["looks", "tells"]),
        ("A step lets go of its place.", ["lets go", "place"]),
        ("A sentence has 25 words.", []),
        ("No token of ours is longer, nor one of somebody else's.", ["ours", "somebody else's"]),
        ("No key of theirs.", ["theirs"]),
        ("The owner holds a lock, in words that it told.", ["holds", "words", "told"]),
    ],
)
def test_the_rules_know_terms_from_metaphors(sentence: str, expected: list[str]) -> None:
    assert sorted(prose.faults(sentence)) == sorted(expected)


def test_code_is_no_prose(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nUse `hold(door)`.\n\n```sh\nlook\n```\n\n| place | b |\n|---|---|\n| `told` | fine |\n")
    found = [fault for one in prose.sentences(page) for fault in prose.faults(one)]
    assert found == ["place"]


def test_docstrings_and_comments_are_prose(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""A door."""\n\nX = "place"  # a desk\n# noqa: S101 - hold\n')
    found = [fault for one in prose.sentences(module) for fault in prose.faults(one)]
    assert sorted(found) == ["desk", "door"]
