"""Which paths are pages and which are the API's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.local_stack.proxy import page_file


@pytest.fixture
def web(tmp_path: Path) -> Path:
    for name in (
        "web/families/index.html",
        "web/families/app.js",
        "clients/javascript/src/client.js",
        "web/operators/index.html",
        "secret.txt",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "web/families/index.html"),
        ("/app.js", "web/families/app.js"),
        ("/client/src/client.js", "clients/javascript/src/client.js"),
        ("/operator/", "web/operators/index.html"),
    ],
)
def test_pages(web: Path, path: str, file: str) -> None:
    found = page_file(path, web)
    assert found is not None
    assert found.read_text() == file


@pytest.mark.parametrize(
    "path",
    [
        "/\0",
        "/operator/\0.js",
        "/" + "a" * 300,
        "/" + "a/" * 3_000,
        "/api/tasks",
        "/health",
        "/openapi.json",
        "/../secret.txt",
        "/client/../../secret.txt",
        "/client/..",
    ],
)
def test_everything_else_is_the_apis(web: Path, path: str) -> None:
    assert page_file(path, web) is None
