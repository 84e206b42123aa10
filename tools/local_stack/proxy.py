"""One address for a browser: the pages of web/ and the client, the HTTP API and the WebSocket, all same-origin.

Run as `python -m tools.local_stack.proxy PORT HTTP_URL WEBSOCKET_URL`. A file of the pages answers first, everything
else
goes to the API, so an unknown path gets the API's own 404.
"""

from __future__ import annotations

import asyncio
import mimetypes
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    DummyCookieJar,
    TCPConnector,
    WSMsgType,
    WSServerHandshakeError,
    web,
)

from tools.virtualenvs import ROOT

#: Path prefix to folder from the root, the longest prefix first.
PAGES = (
    ("/client/", "clients/javascript"),
    ("/operator/", "web/operators"),
    ("/shared/", "web/shared"),
    ("/", "web/families"),
)

#: The HTTP API's own limit, so that a body AWS would refuse is refused here.
BODY_LIMIT = 10 * 1024 * 1024

#: Files that a browser gets compressed.
COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg"})

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "te",
    "trailer",
}
_UPSTREAM = web.AppKey("upstream", ClientSession)
_HTTP = web.AppKey("http", str)
_WEBSOCKET = web.AppKey("websocket", str)


def page_file(path: str, root: Path) -> Path | None:
    """Return the file that a path shows, or None when it is the API's."""
    for prefix, folder in PAGES:
        if path.startswith(prefix):
            try:
                return _file_in((root / folder).resolve(), path.removeprefix(prefix))
            except (OSError, ValueError):  # a NUL, or a name that is too long for a file
                return None
    return None


def _file_in(folder: Path, name: str) -> Path | None:
    wanted = (folder / name).resolve()
    if not wanted.is_relative_to(folder):
        return None
    found = wanted / "index.html" if wanted.is_dir() else wanted
    return found if found.is_file() else None


async def serve(request: web.Request) -> web.StreamResponse:
    page = page_file(request.path, ROOT) if request.method in {"GET", "HEAD"} else None
    if page is not None:
        return _file(page)
    if request.path + "/" in {prefix for prefix, _ in PAGES}:
        raise web.HTTPFound(request.path + "/")
    return await _forward(request)


def _file(page: Path) -> web.StreamResponse:
    """Return a file of the pages: text compressed, others also in parts, as any host of static files does."""
    headers = {"Cache-Control": "no-store"}
    if page.suffix not in COMPRESSED:
        return web.FileResponse(page, headers=headers)
    content_type = mimetypes.guess_type(page.name)[0] or "application/octet-stream"
    response = web.Response(body=page.read_bytes(), content_type=content_type, headers=headers)
    response.charset = "utf-8"
    response.enable_compression()
    return response


async def _forward(request: web.Request) -> web.Response:
    session = request.app[_UPSTREAM]
    async with session.request(
        request.method,
        request.app[_HTTP] + request.raw_path,
        headers=[(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP],
        data=await request.read(),
        allow_redirects=False,
    ) as answer:
        response = web.Response(status=answer.status, body=await answer.read())
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                if name.lower() != "set-cookie":
                    response.headers.popall(name, None)
                response.headers.add(name, value)
        return response


async def socket(request: web.Request) -> web.StreamResponse:
    """Connect upstream first: a refused ticket must be a refused handshake here too."""
    try:
        upstream = await request.app[_UPSTREAM].ws_connect(
            f"{request.app[_WEBSOCKET]}?{request.query_string}", max_msg_size=0
        )
    except WSServerHandshakeError as refusal:
        return web.Response(status=refusal.status)
    async with upstream:
        browser = web.WebSocketResponse(max_msg_size=0)
        await browser.prepare(request)
        pumps = [asyncio.create_task(_pump(browser, upstream)), asyncio.create_task(_pump(upstream, browser))]
        _, unfinished = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in unfinished:
            pump.cancel()
        await browser.close()
    return browser


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _pump(source: Socket, sink: Socket) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)


def build(http_url: str, websocket_url: str) -> web.Application:
    application = web.Application(client_max_size=BODY_LIMIT)
    application[_HTTP] = http_url
    application[_WEBSOCKET] = websocket_url

    async def upstream(app: web.Application) -> AsyncIterator[None]:
        every = TCPConnector(limit=0)  # each open socket needs one
        async with ClientSession(auto_decompress=False, cookie_jar=DummyCookieJar(), connector=every) as session:
            app[_UPSTREAM] = session
            yield

    application.cleanup_ctx.append(upstream)
    application.router.add_get("/ws", socket)
    application.router.add_route("*", "/{path:.*}", serve)
    return application


if __name__ == "__main__":
    port, http, websocket = sys.argv[1:]
    web.run_app(build(http, websocket), host="127.0.0.1", port=int(port), print=None, shutdown_timeout=1.0)
