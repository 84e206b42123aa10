"""The only module that calls AWS: a cached client per service, and one error for every failure of a call.

The SDK costs 250 ms to import, so it is imported by the first call that needs it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from orchestrator.model.errors import Unavailable

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

#: Seconds to reach a service and to wait for its answer. Both tries together stay below the API's own timeout, so that
#: a submit whose queue hangs still answers: the sweeper sends the message again.
CONNECT_TIMEOUT = 1
READ_TIMEOUT = 4
TRIES = 2
#: Requests at the same time: as many as frames are pushed at once.
CONNECTIONS = 32
#: Seconds that the time limits of streaming clients are rounded up to: each distinct limit is a client of its own.
TIMEOUT_STEP = 15

_making = Lock()


def public_certificates() -> Path:
    """Return the file of public root certificates that the AWS SDK contains (Mozilla's list)."""
    import botocore

    return Path(botocore.__file__).with_name("cacert.pem")


class CloudError(Unavailable):
    """AWS refused or could not be reached; `code` is the service's own name for it."""

    def __init__(self, service: str, operation: str, code: str) -> None:
        super().__init__("A service we need is away. Please try again.")
        self.service = service
        self.operation = operation
        self.code = code

    def __str__(self) -> str:
        return f"{self.service} {self.operation}: {self.code}"


@lru_cache(maxsize=1)
def session() -> Session:
    from botocore.session import get_session

    return get_session()


def client(service: str, endpoint: str | None = None) -> BaseClient:
    """Return the client of a service. Threads share it; only one thread at a time may create it."""
    with _making:
        return _made(service, endpoint)


@lru_cache(maxsize=16)
def _made(service: str, endpoint: str | None) -> BaseClient:
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )
    return session().create_client(service, endpoint_url=endpoint, config=config)


def call(service: str, operation: str, *, endpoint: str | None = None, **parameters: Any) -> dict[str, Any]:
    """Return the response to one request. Raise CloudError when AWS refuses or does not respond."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(client(service, endpoint), operation)(**parameters)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        raise CloudError(service, operation, code) from error
    except BotoCoreError as error:
        raise CloudError(service, operation, type(error).__name__) from error
    return answer


def stream_call(
    service: str,
    operation: str,
    member: str,
    *,
    read_timeout: float,
    endpoint: str | None = None,
    **parameters: Any,
) -> Iterator[dict[str, Any]]:
    """Yield the events of a response's event stream, which is its field `member`.

    For calls that are slow and paid, such as a model's: one request without a retry of the SDK, since the engine
    retries; `read_timeout` is the number of seconds between two events. Raise CloudError.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        streaming = _streaming(service, endpoint, math.ceil(read_timeout / TIMEOUT_STEP) * TIMEOUT_STEP)
        with contextlib.closing(getattr(streaming, operation)(**parameters)[member]) as events:
            yield from events
    except ClientError as error:  # an error in the middle of the stream is one, too
        raise CloudError(service, operation, error.response.get("Error", {}).get("Code", "Unknown")) from error
    except BotoCoreError as error:
        raise CloudError(service, operation, type(error).__name__) from error


@lru_cache(maxsize=16)
def _streaming(service: str, endpoint: str | None, read_timeout: int) -> BaseClient:
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 1},
        tcp_keepalive=True,
    )
    with _making:
        return session().create_client(service, endpoint_url=endpoint, config=config)


def forget() -> None:
    """Drop every client: for tests that change the endpoint or the credentials."""
    _made.cache_clear()
    _streaming.cache_clear()
    session.cache_clear()
