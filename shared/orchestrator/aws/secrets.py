"""Secrets of Secrets Manager: read again after 45 s; the last value is used during an outage."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.aws.clients import CloudError, call
from orchestrator.observability import logger

#: Seconds a value is used without asking again: a rotation is seen within a minute.
MAX_AGE = 45.0
#: Seconds for which `latest` may return a stored value.
LATEST = 1.0
#: Seconds between two attempts while the service is away.
PAUSE_AFTER_FAILURE = 5.0


@dataclass(slots=True)
class _Known:
    value: Mapping[str, object]
    fresh_until: float
    latest_until: float


class Secrets:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def get_json(self, arn: str, max_age: float = MAX_AGE) -> Mapping[str, object]:
        """Return the secret's JSON object, at most `max_age` seconds old unless the service is away."""
        known = self._known.get(arn)
        if known and self._clock() < known.fresh_until:
            return known.value
        return self.refresh(arn, max_age)

    def latest(self, arn: str) -> Mapping[str, object]:
        """Return the current JSON object of the secret, unless the service is away."""
        known = self._known.get(arn)
        return known.value if known and self._clock() < known.latest_until else self.refresh(arn)

    def refresh(self, arn: str, max_age: float = MAX_AGE) -> Mapping[str, object]:
        """Read the secret. Return the last known value in an outage; raise CloudError when there is none."""
        try:
            value = _read(arn)
        except CloudError as error:
            known = self._known.get(arn)
            if known is None:
                raise
            logger.warning("secret not read, using the last known value", arn=arn, error=str(error))
            known.fresh_until = known.latest_until = self._clock() + PAUSE_AFTER_FAILURE
            return known.value
        self._known[arn] = _Known(value, self._clock() + max_age, self._clock() + LATEST)
        return value

    def pending(self, arn: str) -> Mapping[str, object] | None:
        """Return the secret of a rotation under way, or None. It is read every time."""
        try:
            return _read(arn, "AWSPENDING")
        except CloudError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise


def _read(arn: str, stage: str = "AWSCURRENT") -> Mapping[str, object]:
    answer = call("secretsmanager", "get_secret_value", SecretId=arn, VersionStage=stage)
    try:
        value = json.loads(answer["SecretString"])
    except (KeyError, ValueError) as error:
        raise CloudError("secretsmanager", "get_secret_value", "NotJson") from error
    if not isinstance(value, dict):
        raise CloudError("secretsmanager", "get_secret_value", "NotAnObject")
    return value
