"""Links that leave docs/ lead to the repository on the site."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.quality.site_links import on_page_markdown

CODE = "[the code](../../tools/x.py#L3) and [a page](other.md) and [nothing](../../tools/gone.py)"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "start").mkdir(parents=True)
    (tmp_path / "docs" / "start" / "other.md").touch()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "x.py").touch()
    return tmp_path / "docs"


def shown(docs: Path, repository: str) -> str:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="start/page.md"))
    return on_page_markdown(CODE, page=page, config={"docs_dir": str(docs), "repo_url": repository}, files=None)


def test_with_a_repository_they_are_links_to_it(docs: Path) -> None:
    assert "[the code](https://git.example/o/r/blob/main/tools/x.py)" in shown(docs, "https://git.example/o/r/")


def test_without_a_repository_they_are_text(docs: Path) -> None:
    assert shown(docs, "").startswith("the code and [a page](other.md)")


def test_a_missing_file_stays_for_the_strict_build(docs: Path) -> None:
    assert shown(docs, "").endswith("[nothing](../../tools/gone.py)")
