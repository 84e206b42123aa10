"""The parts of a request, validated: body, query and headers; every fault is named at once."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import secrets
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import unquote
from uuid import UUID

from orchestrator.http.errors import NotJson
from orchestrator.model.errors import Fault, InvalidInput, NotFound, TooLarge
from orchestrator.model.idempotency import KEY_RULE, is_callers_key
from orchestrator.model.sizes import LONGEST_NAME
from orchestrator.model.task import Json
from orchestrator.model.validation import validation_faults
from orchestrator.observability import tracing

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

#: Bytes of a request's body.
LARGEST_BODY = 256 * 1024
#: Objects and arrays within one another.
DEEPEST_BODY = 64

#: The fault of a page cursor.
INVALID_CURSOR = "is not valid; pass the nextCursor of an earlier page"

#: Of a regular expression of this module or of a JSON schema.
UUID_PATTERN = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A form can send none of these from another site's page without a preflight request.
_JSON = re.compile(r"application/(?:[a-z0-9.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
#: With its hyphens or without, as logs and traces write ids.
_UUID = re.compile(UUID_PATTERN.replace("-[", "-?["))
_AGO = re.compile(r"([0-9]{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
#: Postgres keeps no NUL, UTF-8 no lone surrogate.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def raw_body(event: BaseProxyEvent) -> bytes:
    """Return the body's bytes, however the gateway wrapped them. Raise TooLarge."""
    body = event.get("body") or ""
    if len(body) > LARGEST_BODY * 2:
        raise TooLarge(_too_large())
    data = _decoded(body) if event.get("isBase64Encoded") else str(body).encode("utf-8", "surrogatepass")
    if len(data) > LARGEST_BODY:
        raise TooLarge(_too_large())
    return data


def check_body(event: BaseProxyEvent) -> None:
    """Raise TooLarge, or NotJson for a body that is compressed or whose content type is not JSON."""
    if not raw_body(event):
        return
    if event.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise NotJson("The body must not be compressed: send it without the header `Content-Encoding`.")
    if not _JSON.fullmatch(event.headers.get("content-type", "")):
        raise NotJson("The body must be JSON, with the header `Content-Type: application/json`.")


def json_body(event: BaseProxyEvent) -> Json:
    """Return the body as JSON that Postgres can keep. Raise InvalidInput."""
    try:
        value = json.loads(raw_body(event).decode(), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not JSON.", [Fault("body", "must be JSON", "wrong_format")]) from error
    faults = [Fault("body", message) for message in dict.fromkeys(_unstorable(value))]
    if faults:
        raise InvalidInput("The body cannot be stored.", faults)
    return value


def parse(model: type[Model], value: object) -> Model:
    """`value` as a `model`. Raise InvalidInput that names every fault."""
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidInput("The request has faults.", validation_faults(error)) from error


def read(model: type[Model], event: BaseProxyEvent) -> Model:
    """Return the request's body as a `model`."""
    return parse(model, json_body(event))


def idempotency_key(event: BaseProxyEvent) -> str | None:
    key = event.headers.get("idempotency-key")
    if key is None:
        return None
    if not is_callers_key(key):
        raise InvalidInput("The request has faults.", [Fault("Idempotency-Key", KEY_RULE, "wrong_format")])
    return key


def traceparent(event: BaseProxyEvent) -> str:
    """Return the trace of this request (W3C): its recorded span, the caller's, or the beginning of a new one."""
    recorded = tracing.current()
    if recorded is not None:
        return recorded
    return given_trace(event) or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def given_trace(event: BaseProxyEvent) -> str | None:
    """Return the caller's own traceparent, if it is one."""
    given = event.headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else None


def path_uuid(value: str, kind: str = "task") -> UUID:
    """Return an id of the path. Raise NotFound for a text that cannot be an id."""
    if not _UUID.fullmatch(value):
        raise NotFound(f"There is no such {kind}.")
    return UUID(value)


def path_name(value: str, kind: str = "stream") -> str:
    """Return a name out of the path, decoded. Raise NotFound for one that nothing can have."""
    name = unquote(value)
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise NotFound(f"There is no such {kind}.")
    return name


def cursor_of(moment: datetime, id: UUID) -> str:
    """Return the page cursor of a list that is ordered by time."""
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{id}"


def moment(text: str) -> datetime:
    """Return a moment from ISO 8601, or from its age: `90s`, `15m`, `1h`, `7d`. Raise ValueError."""
    try:
        if ago := _AGO.fullmatch(text):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        given = datetime.fromisoformat(text)
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        rule = "must be a moment (2030-01-31T12:00:00Z) or how long ago it is (15m, 1h, 7d)"
        raise ValueError(rule) from error


class Query:
    """Reads the query string value by value; `check` raises InvalidInput with all that was wrong."""

    def __init__(self, event: BaseProxyEvent) -> None:
        self._given = event.get("queryStringParameters") or {}
        self._faults: list[Fault] = []

    def text(self, name: str, *, longest: int = 200) -> str | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not 0 < len(value) <= longest or _UNSTORABLE.search(value):
            self.fault(name, f"must have 1 to {longest} characters, none of them NUL", "wrong_format")
            return None
        return str(value)

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        value = self._given.get(name)
        if value is not None and value not in choices:
            self.fault(name, f"must be one of {', '.join(choices)}", "not_allowed")
            return None
        return value

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", value) or not low <= int(value) <= high:
            self.fault(name, f"must be a whole number from {low} to {high}", "out_of_range")
            return None
        return int(value)

    def number(self, name: str) -> float | None:
        """Return a finite number."""
        value = self._given.get(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            self.fault(name, "must be a number, such as 5 or 5.5")
            return None
        return float(value)

    def uuid(self, name: str) -> UUID | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not _UUID.fullmatch(value):
            self.fault(name, INVALID_CURSOR, "invalid_cursor")
            return None
        return UUID(value)

    def cursor(self, name: str) -> tuple[datetime, UUID] | None:
        """Return the position where a list by moment goes on, as `cursor_of` wrote it."""
        value = self._given.get(name)
        if value is None:
            return None
        microseconds, _, id = value.partition("-")
        if not re.fullmatch(r"[0-9]{1,16}", microseconds) or not _UUID.fullmatch(id):
            self.fault(name, INVALID_CURSOR, "invalid_cursor")
            return None
        return _EPOCH + timedelta(microseconds=int(microseconds)), UUID(id)

    def matching(self, name: str, pattern: re.Pattern[str], rule: str) -> str | None:
        value = self._given.get(name)
        if value is not None and not pattern.fullmatch(value):
            self.fault(name, f"must be {rule}", "wrong_format")
            return None
        return value

    def moment(self, name: str) -> datetime | None:
        value = self._given.get(name)
        try:
            return moment(value) if value is not None else None
        except ValueError as error:
            self.fault(name, str(error), "wrong_format")
            return None

    def check(self) -> None:
        if self._faults:
            raise InvalidInput("The request has faults.", self._faults)

    def fault(self, name: str, message: str, code: str = "invalid") -> None:
        """Add a fault, also one of several values together."""
        self._faults.append(Fault(name, message, code))


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body)
    except binascii.Error as error:
        raise InvalidInput("The body is not base64.", [Fault("body", "must be base64", "wrong_format")]) from error


def _too_large() -> str:
    return f"The body is larger than {LARGEST_BODY // 1024} KB."


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _unstorable(value: object) -> Iterator[str]:
    """Yield the faults of a JSON value that Postgres cannot store; without recursion, so that depth does no harm."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            if _UNSTORABLE.search(item):
                yield "must have no NUL character and no half of a surrogate pair"
        elif isinstance(item, dict | list):
            if depth == DEEPEST_BODY:
                yield f"must not nest deeper than {DEEPEST_BODY} levels"
                continue
            inner = (*item.keys(), *item.values()) if isinstance(item, dict) else item
            waiting.extend((each, depth + 1) for each in inner)
