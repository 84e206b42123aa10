"""Every link, path, code block and command of the documents is what it says; on a stack they are run by tests/e2e."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documents import Block, blocks, markdown_files
from tools import agent_skeleton
from tools.quality.site import fetches_from_elsewhere
from tools.virtualenvs import ROOT

LINK = re.compile(r"!?\[(?:[^\]\[]|!\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)\)")
#: A file in backticks, as `engine/execution/batch.py` or `test_roles.py`.
FILE = re.compile(r"`([\w./-]+\.(?:py|sql|yaml|yml|toml|svg))`")
#: A test in backticks, with or without one of its parameters.
TEST = re.compile(r"`(test_\w+)(?:\[[^\]`]+\])?`")
#: Addresses of package registries, put together so that this file names none.
REGISTRIES = re.compile("|".join([r"pypi" + r"\.org", r"npmjs" + r"\.(org|com)", r"python" + r"hosted"]))
#: Readers create these themselves.
CREATED = {path.name for path in agent_skeleton.files("kid.greet")}

#: The most new folders that a map may lack.
MOST_UNMAPPED = 1

DOCUMENTS = markdown_files()
CREATED |= {
    Path(name).name
    for page in DOCUMENTS
    for name in re.findall(r"^ *```\w+ file=(\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
}
TRACKED = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose_of(path: Path) -> str:
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs both make them."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", prose_of(path), re.MULTILINE)
    return {_slug(heading) for heading in headings}


def _slug(heading: str) -> str:
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def broken_links(path: Path) -> Iterator[str]:
    for target in LINK.findall(prose_of(path)):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        aim = (path.parent / file).resolve() if file else path
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            yield target


@pytest.mark.parametrize("page", DOCUMENTS, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`\n\n[a](#one-two) [b](#three) [c](none.md) [d](page.md#one-two) [![e](x.svg)](page.md)\n"
    )
    assert list(broken_links(page)) == ["#three", "none.md"]


@pytest.mark.parametrize("page", [page for page in DOCUMENTS if page.name != "CHANGELOG.md"], ids=shown)
def test_files_that_are_named_exist(page: Path) -> None:
    named = {name for name in FILE.findall(prose_of(page)) if Path(name).name not in CREATED}
    assert [name for name in sorted(named) if not _exists(name)] == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=shown)
def test_tests_that_are_named_exist(page: Path) -> None:
    tests = "\n".join((ROOT / path).read_text() for path in TRACKED if re.search(r"test_\w+\.py$", path))
    assert [name for name in TEST.findall(prose_of(page)) if f"def {name}(" not in tests] == []


def _exists(name: str) -> bool:
    return any(path == name or path.endswith(f"/{name}") for path in TRACKED)


def test_the_map_has_every_folder() -> None:
    folders = {path.split("/")[0] for path in TRACKED if "/" in path}
    rows = re.findall(r"\(([\w./-]+)\)", "\n".join(re.findall(r"^\| \[.*$", (ROOT / "README.md").read_text(), re.M)))
    mapped = {row.split("/")[0] for row in rows}
    assert folders - mapped == set()
    assert mapped - folders == set()


@pytest.mark.parametrize("folder", ["shared/orchestrator", "shared/playmate", "tests"])
def test_a_folder_s_map_has_every_folder_of_code(folder: str) -> None:
    """A reader goes from README.md to the folder, and from its map to the file."""
    below = [path.removeprefix(f"{folder}/") for path in TRACKED if path.startswith(f"{folder}/")]
    top = {path.split("/")[0] for path in below if "/" in path}
    mapped = {target.rstrip("/") for target in LINK.findall((ROOT / folder / "README.md").read_text(encoding="utf-8"))}
    assert len(top - mapped) <= MOST_UNMAPPED, top - mapped


ALL_BLOCKS = [block for page in DOCUMENTS for block in blocks(page)]


def test_every_block_has_a_language() -> None:
    assert [str(block) for block in ALL_BLOCKS if not block.language] == []


@pytest.mark.parametrize("block", [each for each in ALL_BLOCKS if each.language == "python"], ids=str)
def test_python_compiles(block: Block) -> None:
    ast.parse(block.text)


@pytest.mark.parametrize("block", [each for each in ALL_BLOCKS if each.language == "json"], ids=str)
def test_json_is_valid(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", [each for each in ALL_BLOCKS if each.language in ("sh", "bash")], ids=str)
def test_shell_commands_exist(block: Block) -> None:
    checked = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = set(re.findall(r"(?:^|\s)make ([a-z]+)", block.text, re.MULTILINE))
    assert asked - targets == set()


@pytest.mark.parametrize("page", DOCUMENTS, ids=shown)
def test_make_targets_in_sentences_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z]+)", prose_of(page)))
    assert asked - targets == set()


def test_the_index_of_decisions_is_complete() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))]
    assert len(set(numbers)) == len(numbers)
    assert set(range(1, 70)) <= set(numbers), "none is deleted"


@pytest.mark.parametrize("path", sorted((ROOT / "docs/decisions").glob("[0-9]*.md")), ids=lambda path: path.name[:4])
def test_a_decision_has_all_parts(path: Path) -> None:
    text = path.read_text()
    assert re.match(rf"# {int(path.name[:4])}\. ", text)
    assert re.search(r"^- Status: (proposed|accepted|replaced by \[.+\]\(.+\))$", text, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Alternatives", "Consequences", "Code"]


def test_no_file_names_a_registry() -> None:
    texts = {name: (ROOT / name).read_bytes().decode("latin-1") for name in TRACKED if (ROOT / name).is_file()}
    assert [name for name, text in texts.items() if REGISTRIES.search(text)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<script src="https://cdn.example/x.js">', True),
        ('<link rel="stylesheet" href="//fonts.example/css">', True),
        ("@import url(https://fonts.example/css);", True),
        ('<a href="https://example.com">link</a><script src="assets/x.js">', False),
    ],
)
def test_resources_of_other_hosts_are_found(text: str, expected: bool, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(text)
    assert fetches_from_elsewhere(page) is expected


#: A row of "Find the code": the file as a link from docs/explanation, and a name in it.
FOUND = re.compile(r"\| \[`([^`]+)`\]\(\.\./\.\./([^)]+)\) \| `(\w+)` \|$", re.MULTILINE)


def makes(text: str, name: str) -> bool:
    """Return whether a file's text defines the function, class, constant, SQL statement or resource of a stack."""
    made = rf"^\s*(?:async def|def|class) {name}\b|^{name}\b[^\n]*=|^-- name: {name}$|^  {name}:$"
    return re.search(made, text, re.MULTILINE) is not None


def test_the_code_is_found_where_the_architecture_page_says() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
    rows = FOUND.findall(page)
    assert len(rows) == page.split("## Find the code")[1].split("\n## ")[0].count("\n| ") - 1, "every row has a name"
    wrong = [(path, name) for shown, path, name in rows if shown != path or not makes((ROOT / path).read_text(), name)]
    assert wrong == []
    assert "architecture.md#find-the-code" in (ROOT / "README.md").read_text(), "a reader finds it in two steps"


def test_a_moved_name_would_be_found() -> None:
    assert makes("-- name: claim\n", "claim")
    assert makes("    def verify(self) -> None:\n", "verify")
    assert not makes("claim(1)\n# def claim\n", "claim")


def test_a_documented_request_is_one_that_the_api_accepts() -> None:
    """`curl -d` sends a form unless it is given a type; without `-f` it ends with 0 after a refusal."""
    requests = [
        f"{shown(path)}: {line}"
        for path in DOCUMENTS
        for block in blocks(path)
        if block.language in ("sh", "bash")
        for line in block.text.splitlines()
        if re.search(r"\bcurl\b", line)
    ]
    assert len(requests) > 5
    assert [one for one in requests if not re.search(r"\bcurl -\w*f", one)] == []
    sends = [one for one in requests if re.search(r" (-d|--data\S*) ", one)]
    assert [one for one in sends if "content-type: application/json" not in one.lower()] == []
