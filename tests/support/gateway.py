"""API Gateway for a resolver: requests become its events, its answers become responses."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orchestrator.http.app import App


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The context that Lambda passes to a function with each invocation."""

    aws_request_id: str = "request-1"
    function_name: str = "api"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:api"
    remaining_ms: int = 15_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    cookies: list[str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def http_event(
    method: str,
    url: str,
    *,
    body: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    cookies: list[str] | None = None,
) -> dict[str, Any]:
    """An HTTP API event, payload format 2.0. A body is said to be JSON unless the headers say otherwise."""
    parts = urlsplit(url)
    said = {"content-type": "application/json"} if body is not None else {}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": said | {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "api.example",
            "http": {
                "method": method,
                "path": parts.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9",
                "userAgent": "tests",
            },
            "requestId": "gateway-1",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 1_700_000_000_000,
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if parts.query:
        event["queryStringParameters"] = dict(parse_qsl(parts.query, keep_blank_values=True))
    if cookies:
        event["cookies"] = cookies
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


@dataclass(slots=True)
class Caller:
    """Sends requests to an app, with the same headers each time."""

    app: App
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        url: str,
        *,
        data: object = None,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: list[str] | None = None,
    ) -> Answer:
        """`data` is sent as JSON, `body` as it stands."""
        text = json.dumps(data) if data is not None else body
        event = http_event(method, url, body=text, headers={**self.headers, **(headers or {})}, cookies=cookies)
        raw = self.app.resolve(event, LambdaContext())  # type: ignore[arg-type] # has what we use of it
        return Answer(raw["statusCode"], raw["headers"], raw.get("cookies", []), raw.get("body") or "")

    def get(self, url: str, **more: Any) -> Answer:
        return self.send("GET", url, **more)

    def post(self, url: str, data: object = None, **more: Any) -> Answer:
        return self.send("POST", url, data=data, **more)

    def put(self, url: str, data: object, **more: Any) -> Answer:
        return self.send("PUT", url, data=data, **more)
