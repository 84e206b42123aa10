"""A network of one millisecond: a TCP proxy delays every byte by half of it each way."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from urllib.parse import urlsplit, urlunsplit

#: Seconds each way.
DELAY = 0.0005


@contextmanager
def delayed(url: str) -> Iterator[str]:
    """Yield the URL of the same database a millisecond away."""
    parts = urlsplit(url)
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_proxy, args=(str(parts.hostname), parts.port, child), daemon=True)
    process.start()
    port = parent.recv()
    yield urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))
    process.kill()
    process.join()


def _proxy(host: str, port: int, parent_end: Connection) -> None:
    async def serve() -> None:
        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            back_reader, back_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(_carry(reader, back_writer), _carry(back_reader, writer))

        listening = await asyncio.start_server(client, "127.0.0.1", 0)
        parent_end.send(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()

    asyncio.run(serve())


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    while data := await reader.read(65536):
        loop.call_later(DELAY, writer.write, data)
    loop.call_later(DELAY, writer.close)
