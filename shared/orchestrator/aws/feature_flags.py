"""Feature flags from AppConfig: looked at again after 45 s, and the last known document outlives an outage.

A container that begins during the outage knows none: it recalls the one that others knew.

A flag named `task.<type>` that is off parks the tasks of that type; every other flag is asked for by name.
Rules see the `owner` and their `bucket` from 0 to 99: `bucket` below 20 is a fifth of all owners.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from orchestrator.aws.clients import client
from orchestrator.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.feature_flags import FeatureFlags
    from aws_lambda_powertools.utilities.feature_flags.base import StoreProvider

#: Seconds a document is used without asking again.
MAX_AGE = 45.0
#: Seconds between two attempts while AppConfig is away.
PAUSE_AFTER_FAILURE = 10.0
#: What a flag's name begins with when it parks a task type.
TASK_PREFIX = "task."


@dataclass(frozen=True, slots=True)
class FlagSource:
    """Where AppConfig keeps the document."""

    application: str
    environment: str
    profile: str


def bucket(name: str, owner: str) -> int:
    """0 to 99: which percent of owners this one belongs to, another for each flag, the same for ever."""
    return int.from_bytes(hashlib.sha256(f"{name}:{owner}".encode()).digest()[:8]) % 100


class Flags:
    def __init__(
        self,
        source: FlagSource | None,
        clock: Callable[[], float] = time.monotonic,
        recall: Callable[[], Mapping[str, Any] | None] = lambda: None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._recall = recall
        self._document: Mapping[str, Any] | None = None
        self._has_read = False
        self._fresh_until = float("-inf")

    def enabled(self, name: str, owner: str | None = None, default: bool = True) -> bool:
        """Whether the flag is on for this owner; `default` where nobody ever said."""
        if self._source is None:
            return default
        if name not in self.get_configuration():
            return default
        # Asked for nobody in particular, a flag that is on for some is off.
        context = {"owner": owner or "", "bucket": bucket(name, owner) if owner is not None else 100}
        return bool(self._evaluator.evaluate(name=name, context=context, default=default))

    def values(self, names: Iterable[str], owner: str | None = None) -> dict[str, bool]:
        return {name: self.enabled(name, owner) for name in names}

    def parked_types(self) -> frozenset[str]:
        """The task types that are switched off for everybody; one that is on for some is asked for by owner."""
        return frozenset(
            name.removeprefix(TASK_PREFIX)
            for name, rule in self.get_configuration().items()
            if name.startswith(TASK_PREFIX) and not rule["default"] and not rule.get("rules")
        )

    def forget(self) -> None:
        """Look again at the next question: a change was just made."""
        self._fresh_until = float("-inf")

    def get_configuration(self) -> Mapping[str, Any]:
        """The whole document (the name is the one Powertools calls its store by)."""
        if self._source is not None and self._clock() >= self._fresh_until:
            self._refresh(self._source)
        return self._document or {}

    def last_read(self) -> Mapping[str, Any] | None:
        """The document as this container has read it itself; None while it has not."""
        self.get_configuration()
        return self._document if self._has_read else None

    def _refresh(self, source: FlagSource) -> None:
        from aws_lambda_powertools.utilities.feature_flags.exceptions import (
            ConfigurationStoreError,
            SchemaValidationError,
            StoreClientError,
        )

        try:
            self._document = _read(source)
            self._has_read = True
        except (ConfigurationStoreError, StoreClientError, SchemaValidationError) as error:
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


def _read(source: FlagSource) -> Mapping[str, Any]:
    """One look, in a session of its own: AppConfig's poll tokens die with an outage of a day."""
    from aws_lambda_powertools.utilities.feature_flags import AppConfigStore, FeatureFlags

    store = AppConfigStore(
        environment=source.environment,
        application=source.application,
        name=source.profile,
        max_age=0,
        boto3_client=cast("Any", client("appconfigdata")),
    )
    return FeatureFlags(store=store).get_configuration()
