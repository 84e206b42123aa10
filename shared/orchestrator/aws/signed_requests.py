"""Signed requests to one endpoint of AWS, without a client of the SDK.

A client needs several times the CPU time of the request itself (docs/decisions/0130). Use this for calls in large
numbers, and `aws.clients` for all others.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from orchestrator.aws.clients import (
    CONNECT_TIMEOUT,
    CONNECTIONS,
    READ_TIMEOUT,
    TRIES,
    CloudError,
    public_certificates,
    session,
)

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from botocore.session import Session
    from urllib3 import HTTPConnectionPool

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class SignedEndpoint:
    """An endpoint of `service`, the name that a signature contains. Threads share it."""

    endpoint: str
    service: str

    def request(self, method: str, path: str, body: bytes = b"") -> None:
        """Send a request to a percent-encoded `path` below the endpoint. Raise CloudError when AWS refuses it."""
        code = ""
        for _ in range(TRIES):
            status, code = self._request(method, path, body)
            if 200 <= status < 300:
                return
            if status not in (0, 429) and status < 500:
                break
        raise CloudError(self.service, method, code)

    def _request(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        """Return the status and the name of the error; status 0 when AWS could not be reached."""
        from urllib3.exceptions import HTTPError

        target = urlsplit(self.endpoint).path.rstrip("/") + path
        try:
            answer = _pool(self.endpoint).urlopen(
                method, target, body=body, headers=self.sign(method, target, body, datetime.now(UTC)), retries=False
            )
        except HTTPError as error:
            return 0, type(error).__name__
        return answer.status, answer.headers.get("x-amzn-errortype", str(answer.status)).partition(":")[0]

    def sign(self, method: str, target: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers of a request with its signature (Signature Version 4)."""
        credentials = _credentials()
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{_region(session())}/{self.service}/aws4_request"
        headers = {"host": urlsplit(self.endpoint).netloc, "x-amz-date": stamp}
        if credentials.token:
            headers["x-amz-security-token"] = credentials.token
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"{method}\n{quote(target, safe='/~')}\n\n{lines}\n{names}\n{digest}"
        text = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(_signing_key(credentials.secret_key, scope), text.encode(), "sha256").hexdigest()
        headers["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers


def _credentials() -> ReadOnlyCredentials:
    found = session().get_credentials()
    if found is None:
        raise CloudError("credentials", "sign", "NoCredentialsError")
    return found.get_frozen_credentials()


@lru_cache(maxsize=1)
def _region(of: Session) -> str:
    return str(of.get_config_variable("region"))


@lru_cache(maxsize=4)
def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


@lru_cache(maxsize=4)
def _pool(endpoint: str) -> HTTPConnectionPool:
    from urllib3 import Timeout, connection_from_url

    trust = {"ca_certs": str(public_certificates())} if endpoint.startswith("https:") else {}
    timeout = Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
    return connection_from_url(endpoint, maxsize=CONNECTIONS, timeout=timeout, **trust)
