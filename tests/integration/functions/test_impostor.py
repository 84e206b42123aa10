"""Somebody who answers in the database's place."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from orchestrator import bootstrap
from tests.logins import forget_everything

CLEARTEXT = b"R" + struct.pack(">ii", 8, 3)
MD5 = b"R" + struct.pack(">ii4s", 12, 5, b"salt")


@contextmanager
def impostor(asks: bytes) -> Iterator[tuple[int, Future[bytes]]]:
    """A port at which somebody asks for the password in its own way, and what came back."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as other:

        def listen() -> bytes:
            client, _ = listening.accept()
            with client:
                begun = client.recv(1024)
                if begun[4:8] == struct.pack(">i", 80877103):  # asks for TLS
                    client.sendall(b"N")
                    client.recv(1024)
                client.sendall(asks)
                return client.recv(1024)

        yield listening.getsockname()[1], other.submit(listen)


@pytest.mark.parametrize("asks", [CLEARTEXT, MD5], ids=["cleartext", "md5"])
def test_is_told_no_password(monkeypatch: pytest.MonkeyPatch, asks: bytes) -> None:
    with impostor(asks) as (port, heard):
        forget_everything()
        told = {
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(port),
            "DATABASE_NAME": "x",
            "DATABASE_DIRECT": "true",
        }
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(psycopg.OperationalError, match="scram-sha-256"):
            bootstrap.log_in({"username": "api", "password": "hunter22"})
        assert heard.result(10) == b"", "it hangs up"
    forget_everything()
