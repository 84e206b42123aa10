"""Who speaks to which API: an address and an operator's token, from options, a sign-in before, or the local stack."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, Protocol

import httpx
import typer

#: Where `orchestrator login` keeps its token, readable by its owner alone.
REMEMBERED = Path("~/.config/orchestrator/session.json")
#: What `make up` writes.
LOCAL_STACK = Path(".local/stack.json")
#: Seconds one request may take.
PATIENCE = 30.0


class Exit(IntEnum):
    """What a script can tell from the exit code; 2 is a wrong command line."""

    REFUSED = 1
    NOT_SIGNED_IN = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    ENDED_BADLY = 6


class Refusal(Exception):
    """The API said no: `status`, and its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Transport(Protocol):
    """Sends one request; answers its status and body."""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]: ...


def over_http(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
    answer = httpx.request(method, url, headers=dict(headers), content=body, timeout=PATIENCE)
    return answer.status_code, answer.content


@dataclass
class Session:
    """The API as commands use it."""

    url: str
    token: str
    transport: Transport = field(default=over_http)

    def get(self, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self.send("GET", f"{path}?{httpx.QueryParams(given)}" if given else path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.send("POST", path, body or {})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self.send("PUT", path, body)

    def pages(self, path: str, limit: int, **query: Any) -> Iterator[dict[str, Any]]:
        """Items over all pages, `limit` of them at most."""
        cursor: str | None = None
        while limit > 0:
            page = self.get(path, limit=min(limit, 100), cursor=cursor, **query)
            yield from page["items"][:limit]
            limit -= len(page["items"])
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON. Raises Refusal."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if body is not None else None
        try:
            status, content = self.transport(method, self.url.rstrip("/") + path, headers, data)
        except httpx.HTTPError as error:
            raise Refusal(0, f"{self.url} cannot be reached: {error}") from error
        answer = _parsed(content)
        if status >= 400:
            raise Refusal(status, _words(status, answer))
        return answer


class FoundLater(Session):
    """Looks for its API when it is first spoken to, so that --help needs none."""

    def __init__(self, look: Callable[[], Session]) -> None:
        super().__init__("", "")
        self._look = look

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        if not self.url:
            found = self._look()
            self.url, self.token, self.transport = found.url, found.token, found.transport
        return super().send(method, path, body)


def sign_in(url: str, name: str, password: str, transport: Transport = over_http) -> Session:
    """A session of an account's. Raises Refusal."""
    session = Session(url, "", transport)
    answer = session.post("/auth/login", {"identifier": name, "password": password})
    session.token = answer["accessToken"]
    return session


def remember(session: Session, seconds: float) -> None:
    place = REMEMBERED.expanduser()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.touch(mode=0o600)
    place.write_text(json.dumps({"url": session.url, "token": session.token, "until": time.time() + seconds}))


def find(url: str | None, token: str | None, stack: Path | None) -> Session:
    """What was given; else a sign-in that still holds; else the local stack's operator. Exits with help."""
    if url and token:
        return Session(url, token)
    kept = REMEMBERED.expanduser()
    if not stack and kept.exists():
        known = json.loads(kept.read_text())
        if known["until"] > time.time() and (url is None or known["url"] == url):
            return Session(known["url"], token or known["token"])
    local = stack or LOCAL_STACK
    if url is not None or not local.exists():
        fail(Exit.NOT_SIGNED_IN, "Not signed in. `orchestrator login` first, or start a local stack: make up")
    return _local(local)


def _local(stack: Path) -> Session:
    known = json.loads(stack.read_text())
    operator = next((user for user in known["users"] if user.get("role") == "operator"), known["users"][-1])
    return sign_in(known["api_url"], operator["name"], operator["password"])


def fail(code: Exit, message: str) -> NoReturn:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def exit_code(refusal: Refusal) -> Exit:
    match refusal.status:
        case 0 | 502 | 503 | 504:
            return Exit.UNREACHABLE
        case 401 | 403:
            return Exit.NOT_SIGNED_IN
        case 404:
            return Exit.NOT_FOUND
        case _:
            return Exit.REFUSED


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return {"message": content[:200].decode("utf-8", "replace")}


def _words(status: int, answer: Any) -> str:
    message = str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer)
    faults = answer.get("faults") if isinstance(answer, dict) else None
    lines = [f"{status}: {message}", *(f"  {fault['field']}: {fault['message']}" for fault in faults or ())]
    return "\n".join(lines)
