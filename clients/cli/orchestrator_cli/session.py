"""The API of a command: an address and an operator's token, from options, an earlier sign-in, or the local stack."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NoReturn, Protocol

import httpx
import typer

from orchestrator_cli.show import plain

#: Where `orchestrator login` keeps its token, readable by its owner alone.
REMEMBERED = Path("~/.config/orchestrator/session.json")
#: The file that `make up` writes.
LOCAL_STACK = Path(".local/stack.json")
#: Seconds one request may take.
PATIENCE = 30.0

#: All that a token can be made of, and that can stand in a header.
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Exit(IntEnum):
    """The meaning of the exit codes, for scripts; 2 is a wrong command line."""

    REFUSED = 1
    NOT_SIGNED_IN = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    ENDED_BADLY = 6
    NOT_WRITTEN = 7
    #: The reader of the output went away, as a shell reports a program that SIGPIPE ended.
    PIPE_CLOSED = 141


class Refusal(Exception):
    """The API refused: `status`, and its message."""

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

    def where(self) -> str:
        """Return the address, for people."""
        return self.url

    def get(self, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self.send("GET", f"{path}?{httpx.QueryParams(given)}" if given else path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.send("POST", path, body or {})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self.send("PUT", path, body)

    def pages(self, path: str, limit: int, **query: Any) -> Iterator[dict[str, Any]]:
        """Return items over all pages, `limit` of them at most."""
        cursor: str | None = None
        while limit > 0:
            page = self.get(path, limit=min(limit, 100), cursor=cursor, **query)
            yield from page["items"][:limit]
            limit -= len(page["items"])
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer's JSON. Raise Refusal."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            if not _TOKEN.fullmatch(self.token):
                raise Refusal(401, "The token is none: it has characters that no token has.")
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if body is not None else None
        try:
            status, content = self.transport(method, self.url.rstrip("/") + path, headers, data)
        except (httpx.HTTPError, httpx.InvalidURL, OverflowError, UnicodeError) as error:
            raise Refusal(0, f"{self.url} cannot be reached: {error}") from error
        answer = _parsed(content)
        if status >= 400:
            raise Refusal(status, _message(status, answer, content))
        if method == "DELETE" and status == 204:
            return {}
        if status >= 300 or not isinstance(answer, dict):
            raise Refusal(0, f"{self.url} answers, but not as this API does. Is it the API's address?")
        return answer


class FoundLater(Session):
    """Find the API at the first request, so that --help needs none."""

    def __init__(self, make: Callable[[], Session]) -> None:
        super().__init__("", "")
        self._make = make

    def where(self) -> str:
        self._find()
        return self.url

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self._find()
        return super().send(method, path, body)

    def _find(self) -> None:
        if not self.url:
            found = self._make()
            self.url, self.token, self.transport = found.url, found.token, found.transport


def sign_in(url: str, name: str, password: str, transport: Transport = over_http) -> Session:
    """Return a session of an account. Raise Refusal."""
    session = Session(url, "", transport)
    answer = session.post("/auth/login", {"identifier": name, "password": password})
    if not isinstance(answer.get("accessToken"), str):
        raise Refusal(0, f"{url} gave no token. Is it the API's address?")
    session.token = answer["accessToken"]
    return session


def remember(session: Session, seconds: float) -> None:
    """Keep a sign-in for `seconds`, in a new file that only its owner can read."""
    kept = json.dumps({"url": session.url, "token": session.token, "until": time.time() + seconds})
    try:
        remembered = REMEMBERED.expanduser()
        remembered.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(
            "w", dir=remembered.parent, prefix=remembered.name, delete=False
        ) as file:  # its mode is 0600
            file.write(kept)
        os.replace(file.name, remembered)
    except (OSError, RuntimeError) as error:
        fail(Exit.REFUSED, f"The sign-in cannot be kept: {error}. Use ORCHESTRATOR_URL and ORCHESTRATOR_TOKEN instead.")


def find(url: str | None, token: str | None, stack: Path | None) -> Session:
    """Return the session that was given; else a valid sign-in; else the local stack's operator. Raise Refusal.

    A sign-in that has ended is never replaced by another stack: a command would act where nobody meant it to.
    """
    if token and not url:
        raise typer.BadParameter("it needs the address of its API: --url or ORCHESTRATOR_URL", param_hint="--token")
    if url and token:
        return Session(url, token)
    known = _remembered() if url or not stack else None
    if known is not None and (not url or _same(url, known.url)):
        if known.until > time.time():
            return Session(known.url, known.token)
        raise Refusal(401, f"Your sign-in to {known.url} has ended: orchestrator login --url {known.url}")
    if url:
        raise Refusal(401, f"Not signed in to {url}: orchestrator login --url {url}")
    if not (stack or LOCAL_STACK).exists():
        raise Refusal(401, "Not signed in. `orchestrator login` first, or start a local stack: make up")
    return _local(stack or LOCAL_STACK)


@dataclass(frozen=True, slots=True)
class _Remembered:
    url: str
    token: str
    until: float


def _remembered() -> _Remembered | None:
    try:
        remembered = REMEMBERED.expanduser()
    except RuntimeError:  # no home, so nothing is kept there
        return None
    with _readable(remembered, "Sign in again: orchestrator login; or use --url and --token"):
        if not remembered.exists():
            return None
        if remembered.stat().st_mode & 0o077:
            remembered.chmod(0o600)
        known = json.loads(remembered.read_text(encoding="utf-8"))
        return _Remembered(str(known["url"]), str(known["token"]), float(known["until"]))


def _local(stack: Path) -> Session:
    with _readable(stack, "Write it anew: make up"):
        known = json.loads(stack.read_text(encoding="utf-8"))
        operator = next((user for user in known["users"] if user.get("role") == "operator"), known["users"][-1])
        url, name, password = str(known["api_url"]), str(operator["name"]), str(operator["password"])
    return sign_in(url, name, password)


@contextmanager
def _readable(remembered: Path, remedy: str) -> Iterator[None]:
    """Raise Refusal that names a broken file."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Refusal(401, f"{remembered} is broken ({type(error).__name__}). {remedy}") from error


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def fail(code: Exit, message: str) -> NoReturn:
    typer.secho(plain(message), err=True, fg=typer.colors.RED)
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
    """Return the JSON; None for anything else."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def _message(status: int, answer: Any, content: bytes) -> str:
    if not isinstance(answer, dict):
        return f"{status}: {content[:200].decode('utf-8', 'replace')}"
    message = str(answer.get("message", answer))
    faults = [f"{fault['field']}: {fault['message']}" for fault in answer.get("faults") or ()]
    return "\n  ".join([f"{status}: {message}", *(fault for fault in faults if fault != message)])
