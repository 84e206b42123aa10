"""A server that answers instead of the database."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from orchestrator import bootstrap
from tests.support.certificates import Authority
from tests.support.database_users import forget_everything

TLS_PLEASE = struct.pack(">i", 80877103)
CLEARTEXT = b"R" + struct.pack(">ii", 8, 3)
MD5 = b"R" + struct.pack(">ii4s", 12, 5, b"salt")


@contextmanager
def impostor(asks: bytes) -> Iterator[tuple[int, Future[bytes]]]:
    """A port that asks for the password in its own way, and the client's bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as other:

        def listen() -> bytes:
            client, _ = listening.accept()
            with client:
                begun = client.recv(1024)
                if begun[4:8] == TLS_PLEASE:
                    client.sendall(b"N")
                    client.recv(1024)
                client.sendall(asks)
                return client.recv(1024)

        yield listening.getsockname()[1], other.submit(listen)


@contextmanager
def encrypted(certificate: Path) -> Iterator[tuple[int, Future[bytes]]]:
    """Serve TLS with this certificate and key; yield the port and the bytes that the client sends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as other:

        def listen() -> bytes:
            client, _ = listening.accept()
            with client:
                assert client.recv(8)[4:8] == TLS_PLEASE
                client.sendall(b"S")
                try:
                    with context.wrap_socket(client, server_side=True) as inside:
                        return inside.recv(1024)
                except OSError:  # the client has hung up
                    return b""

        yield listening.getsockname()[1], other.submit(listen)


@pytest.fixture
def environment_(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a function whose database is on this machine; its port is the test's to say."""
    forget_everything()
    for name, value in {"DATABASE_HOST": "127.0.0.1", "DATABASE_NAME": "x", "DATABASE_DIRECT": "true"}.items():
        monkeypatch.setenv(name, value)
    yield monkeypatch
    forget_everything()


def log_in() -> None:
    bootstrap.log_in({"username": "api", "password": "hunter22"}).close()


@pytest.mark.parametrize("asks", [CLEARTEXT, MD5], ids=["cleartext", "md5"])
def test_receives_no_password(environment_: pytest.MonkeyPatch, asks: bytes) -> None:
    with impostor(asks) as (port, heard):
        environment_.setenv("DATABASE_PORT", str(port))
        with pytest.raises(psycopg.OperationalError, match="scram-sha-256"):
            log_in()
        assert heard.result(10) == b"", "it hangs up"


@pytest.mark.parametrize("trusted", ["amazon", "public"])
@pytest.mark.parametrize("environment", ["staging", "prod"])
@pytest.mark.parametrize(
    ("authority", "host", "refusal"),
    [
        ("somebody's", "127.0.0.1", "certificate verify failed"),
        ("ours", "127.0.0.2", "does not match host name"),
        ("ours", "127.0.0.1", "unexpected"),
    ],
    ids=["of no authority", "of another host", "the right one"],
)
def test_on_aws_only_the_certified_database_receives_the_login(
    environment_: pytest.MonkeyPatch,
    tmp_path: Path,
    trusted: str,
    environment: str,
    authority: str,
    host: str,
    refusal: str,
) -> None:
    authorities = {name: Authority(tmp_path / name) for name in ("ours", "somebody's")}
    with encrypted(authorities[authority].certify(host)) as (port, heard):
        environment_.setenv("DATABASE_PORT", str(port))
        environment_.setenv("ENVIRONMENT", environment)
        environment_.setattr(bootstrap, "CERTIFICATES", authorities["ours"].root)
        environment_.setattr(bootstrap, "public_certificates", lambda: authorities["ours"].root)
        environment_.setenv("DATABASE_AUTHORITY", trusted)
        with pytest.raises(psycopg.OperationalError, match=refusal):
            log_in()
        assert (b"user\0api" in heard.result(10)) == (host == "127.0.0.1" and authority == "ours")


@pytest.mark.parametrize("authority", ["amazon", "public", ""])
@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_on_aws_nothing_is_said_in_the_clear(
    environment_: pytest.MonkeyPatch, environment: str, authority: str
) -> None:
    environment_.setenv("DATABASE_AUTHORITY", authority)
    with impostor(CLEARTEXT) as (port, heard):
        environment_.setenv("DATABASE_PORT", str(port))
        environment_.setenv("ENVIRONMENT", environment)
        with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
            log_in()
        assert heard.exception(10) is not None or heard.result() == b""
