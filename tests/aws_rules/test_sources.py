"""Each rule names where AWS says so, and the documents list them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.virtualenvs import ROOT

FILES = sorted(path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
DOCUMENT = ROOT / "docs/reference/what-the-local-cloud-cannot-show.md"


def rules(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_names_its_source(path: Path) -> None:
    unsourced = [one.name for one in rules(path) if "https://" not in (ast.get_docstring(one) or "")]
    assert unsourced == []


def test_the_document_lists_them() -> None:
    text = DOCUMENT.read_text()
    assert [path.name for path in FILES if f"`{path.name}`" not in text] == []
