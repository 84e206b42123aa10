"""Feature flags from AppConfig: read again after 45 s, and the last known document outlives an outage.

AppConfig bills each document that it sends, and the first read of a session always sends it. A container therefore
keeps one session: as long as nothing has changed, AppConfig answers its reads with an empty body.

A container that begins during the outage knows none: it recalls the one that others knew.

A flag named `task.<type>` that is off parks the tasks of that type; every other flag is asked for by name.
Rules see the `owner` and their `bucket` from 0 to 99: `bucket` below 20 is a fifth of all owners.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from orchestrator.aws.clients import CloudError, call
from orchestrator.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.feature_flags import FeatureFlags
    from aws_lambda_powertools.utilities.feature_flags.base import StoreProvider

#: Seconds a document is used without asking again.
MAX_AGE = 45.0
#: Seconds between two reads of one session that AppConfig must accept; less than MAX_AGE.
LEAST_POLL_INTERVAL = 30
#: Seconds between two attempts while AppConfig is away.
PAUSE_AFTER_FAILURE = 10.0
#: The prefix of flags that park task types.
TASK_PREFIX = "task."


@dataclass(frozen=True, slots=True)
class FlagSource:
    """The names of the document in AppConfig."""

    application: str
    environment: str
    profile: str


def bucket(name: str, owner: str) -> int:
    """Return a number from 0 to 99 for an owner and a flag, always the same."""
    return int.from_bytes(hashlib.sha256(f"{name}:{owner}".encode()).digest()[:8]) % 100


class Session:
    """One configuration session of AppConfig, and the last document that it sent."""

    def __init__(self, source: FlagSource) -> None:
        self._source = source
        self._token: str | None = None
        self._content = b""

    def read(self) -> Mapping[str, Any]:
        """Return the current document. Raise CloudError where AppConfig fails, ValueError for a broken document."""
        try:
            return _parse(self._poll())
        except CloudError as error:
            if error.code != "BadRequestException":
                raise
        return _parse(self._poll())  # the token had expired: 24 hours after its answer, or with a lost answer

    def restart(self) -> None:
        """Begin a new session at the next read."""
        self._token = None

    def _poll(self) -> bytes:
        token, self._token = self._token or self._start(), None  # a token is good for one call
        answer = call("appconfigdata", "get_latest_configuration", ConfigurationToken=token)
        self._content = answer["Configuration"].read() or self._content
        self._token = answer["NextPollConfigurationToken"]
        return self._content

    def _start(self) -> str:
        answer = call(
            "appconfigdata",
            "start_configuration_session",
            ApplicationIdentifier=self._source.application,
            EnvironmentIdentifier=self._source.environment,
            ConfigurationProfileIdentifier=self._source.profile,
            RequiredMinimumPollIntervalInSeconds=LEAST_POLL_INTERVAL,
        )
        return str(answer["InitialConfigurationToken"])


class Flags:
    def __init__(
        self,
        source: FlagSource | None,
        clock: Callable[[], float] = time.monotonic,
        recall: Callable[[], Mapping[str, Any] | None] = lambda: None,
    ) -> None:
        self._session = Session(source) if source is not None else None
        self._clock = clock
        self._recall = recall
        self._document: Mapping[str, Any] | None = None
        self._has_read = False
        self._fresh_until = float("-inf")

    def enabled(self, name: str, owner: str | None = None, default: bool = True) -> bool:
        """Return whether the flag is on for this owner; `default` when it has no rule."""
        if self._session is None:
            return default
        if name not in self.get_configuration():
            return default
        # Without an owner, a flag that is on for some owners is off.
        context = {"owner": owner or "", "bucket": bucket(name, owner) if owner is not None else 100}
        return bool(self._evaluator.evaluate(name=name, context=context, default=default))

    def values(self, names: Iterable[str], owner: str | None = None) -> dict[str, bool]:
        return {name: self.enabled(name, owner) for name in names}

    def parked_types(self) -> frozenset[str]:
        """Return the task types whose flag is off for all owners."""
        return frozenset(
            name.removeprefix(TASK_PREFIX)
            for name, rule in self.get_configuration().items()
            if name.startswith(TASK_PREFIX) and not rule["default"] and not rule.get("rules")
        )

    def forget(self) -> None:
        """Read the document again at the next use, in a new session: a change was just made."""
        self._fresh_until = float("-inf")
        if self._session is not None:
            self._session.restart()

    def get_configuration(self) -> Mapping[str, Any]:
        """Return the whole document. Powertools calls its store by this name."""
        if self._session is not None and self._clock() >= self._fresh_until:
            self._refresh(self._session)
        return self._document or {}

    def last_read(self) -> Mapping[str, Any] | None:
        """Return the document that this container has read, or None."""
        self.get_configuration()
        return self._document if self._has_read else None

    def _refresh(self, session: Session) -> None:
        try:
            self._document = session.read()
            self._has_read = True
        except (CloudError, ValueError) as error:
            logger.warning("flags not read, using the last known values", error=str(error))
            self._fresh_until = self._clock() + PAUSE_AFTER_FAILURE
            if self._document is None:
                self._document = self._recall()
        else:
            self._fresh_until = self._clock() + MAX_AGE

    @cached_property
    def _evaluator(self) -> FeatureFlags:
        from aws_lambda_powertools.utilities.feature_flags import FeatureFlags

        return FeatureFlags(store=cast("StoreProvider", self))


def _parse(content: bytes) -> Mapping[str, Any]:
    """Return the document; raise ValueError where Powertools cannot evaluate its flags."""
    from aws_lambda_powertools.utilities.feature_flags import SchemaValidator
    from aws_lambda_powertools.utilities.feature_flags.exceptions import SchemaValidationError

    document = json.loads(content)
    try:
        SchemaValidator(schema=document).validate()
    except SchemaValidationError as error:
        raise ValueError(str(error)) from error
    return cast("Mapping[str, Any]", document)
