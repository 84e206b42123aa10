"""One request to a web server outside the AWS API: a collector, an issuer of tokens, the bucket of CloudFormation.

Imports nothing but the standard library, so that a function can answer CloudFormation when its packages are broken.
"""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

_CONNECTIONS = {"http": HTTPConnection, "https": HTTPSConnection}


def send(method: str, address: str, body: bytes | None = None, *, content_type: str = "", seconds: float) -> bytes:
    """Return the body of a response with a status from 200 to 299, after at most `seconds` for each wait.

    Raise OSError for another status, for a server that does not answer, and for an address that is not HTTP or HTTPS.
    """
    parts = urlsplit(address)
    if parts.scheme not in _CONNECTIONS or not parts.hostname:
        raise OSError(f"{parts.scheme or 'an empty scheme'}: not the scheme of a web server; use http or https")
    connection = _CONNECTIONS[parts.scheme](parts.hostname, parts.port, timeout=seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, {"Content-Type": content_type} if body is not None else {})
        response = connection.getresponse()
        content: bytes = response.read()
    except HTTPException as error:
        raise OSError(type(error).__name__) from error
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        raise OSError(f"the server answered with status {response.status}")
    return content
