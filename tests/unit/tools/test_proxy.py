"""Which paths are pages and which are the API's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.web import AppRunner, TCPSite

from tools.local_stack.proxy import build, page_file
from tools.virtualenvs import ROOT


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


async def _part_of(path: str, first: int, last: int) -> tuple[int, bytes]:
    """Start the server, ask for a part of a file and return status and body."""
    runner = AppRunner(build("http://127.0.0.1:1", "ws://127.0.0.1:1"))
    await runner.setup()
    try:
        site = TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        async with (
            ClientSession() as session,
            session.get(f"http://{host}:{port}{path}", headers={"Range": f"bytes={first}-{last}"}) as answer,
        ):
            return answer.status, await answer.read()
    finally:
        await runner.cleanup()


def test_a_large_file_is_served_in_parts() -> None:
    font = "fonts/bricolage-grotesque.woff2"
    status, body = asyncio.run(_part_of(f"/shared/{font}", 10, 19))
    assert (status, body) == (206, (ROOT / "web/shared" / font).read_bytes()[10:20])
