"""Which paths are pages and which are the API's."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.proxy import page_file


@pytest.fixture
def web(tmp_path: Path) -> Path:
    for name in ("app/index.html", "app/app.js", "client/src/client.js", "ops/index.html", "secret.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "app/index.html"),
        ("/app.js", "app/app.js"),
        ("/client/src/client.js", "client/src/client.js"),
        ("/operator/", "ops/index.html"),
    ],
)
def test_pages(web: Path, path: str, file: str) -> None:
    found = page_file(path, web)
    assert found is not None
    assert found.read_text() == file


@pytest.mark.parametrize(
    "path", ["/api/tasks", "/health", "/openapi.json", "/../secret.txt", "/client/../../secret.txt", "/client/.."]
)
def test_everything_else_is_the_apis(web: Path, path: str) -> None:
    assert page_file(path, web) is None
