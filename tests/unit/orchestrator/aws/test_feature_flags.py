from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.stub import Stubber

from orchestrator.aws import clients, feature_flags
from orchestrator.aws.feature_flags import Flags, FlagSource
from tests.unit.orchestrator.aws.conftest import Clock

SOURCE = FlagSource("app", "env", "profile")

DOCUMENT = {
    "insight": {"default": False},
    "beta": {
        "default": False,
        "rules": {
            "ann": {
                "when_match": True,
                "conditions": [{"action": "EQUALS", "key": "owner", "value": "ann"}],
            }
        },
    },
    "task.echo": {"default": False},
    "task.friend.ask": {"default": True},
}


class AppConfig:
    """Stands where AppConfig is asked: a document, or an outage."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.document: Mapping[str, Any] | None = DOCUMENT
        self.looks = 0
        monkeypatch.setattr(feature_flags, "_read", self._read)

    def _read(self, _: FlagSource) -> Mapping[str, Any]:
        from aws_lambda_powertools.utilities.feature_flags.exceptions import ConfigurationStoreError

        self.looks += 1
        if self.document is None:
            raise ConfigurationStoreError("away")
        return self.document


@pytest.fixture
def appconfig(monkeypatch: pytest.MonkeyPatch) -> AppConfig:
    return AppConfig(monkeypatch)


def test_flags_follow_the_document_and_the_owner(appconfig: AppConfig, clock: Clock) -> None:
    known = Flags(SOURCE, clock)
    assert known.values(["insight", "beta", "unheard_of"], "ann") == {
        "insight": False,
        "beta": True,
        "unheard_of": True,
    }
    assert not known.enabled("beta", "ben")
    assert appconfig.looks == 1


def test_a_task_flag_that_is_off_parks_its_type(appconfig: AppConfig, clock: Clock) -> None:
    assert Flags(SOURCE, clock).parked_types() == {"echo"}


def test_a_change_is_seen_within_a_minute(appconfig: AppConfig, clock: Clock) -> None:
    known = Flags(SOURCE, clock)
    assert not known.enabled("insight")
    appconfig.document = {"insight": {"default": True}}
    assert not known.enabled("insight")
    clock.advance(46)
    assert known.enabled("insight")


def test_the_last_known_values_outlive_an_outage(appconfig: AppConfig, clock: Clock) -> None:
    known = Flags(SOURCE, clock)
    known.enabled("insight")
    appconfig.document = None
    clock.advance(3_600)
    assert [known.enabled("insight") for _ in range(5)] == [False] * 5
    assert appconfig.looks == 2


def test_the_default_holds_where_appconfig_was_never_reached(appconfig: AppConfig, clock: Clock) -> None:
    appconfig.document = None
    known = Flags(SOURCE, clock)
    assert known.enabled("insight")
    assert not known.enabled("insight", default=False)
    assert known.parked_types() == frozenset()


def test_a_container_that_begins_in_an_outage_recalls_what_others_knew(appconfig: AppConfig, clock: Clock) -> None:
    appconfig.document = None
    known = Flags(SOURCE, clock, recall=lambda: {"task.echo": {"default": False}})
    assert known.parked_types() == {"echo"}
    appconfig.document = DOCUMENT | {"task.echo": {"default": True}}
    clock.advance(46)
    assert known.parked_types() == frozenset()


def test_what_is_recalled_was_not_read(appconfig: AppConfig, clock: Clock) -> None:
    """The sweeper keeps what it has read; it must not keep what it knows from there."""
    appconfig.document = None
    known = Flags(SOURCE, clock, recall=lambda: DOCUMENT)
    assert known.last_read() is None
    appconfig.document = DOCUMENT
    clock.advance(46)
    assert known.last_read() == DOCUMENT


def test_without_a_source_nothing_is_asked(appconfig: AppConfig) -> None:
    known = Flags(None)
    assert known.enabled("insight")
    assert known.parked_types() == frozenset()
    assert appconfig.looks == 0


@pytest.mark.parametrize("content", [b"not json", b'{"insight": {"default": "maybe"}}', b"[]"])
def test_a_broken_document_keeps_the_last_one(aws: None, clock: Clock, content: bytes) -> None:
    from io import BytesIO

    with Stubber(clients.client("appconfigdata")) as service:
        for each in (json.dumps(DOCUMENT).encode(), content):
            service.add_response("start_configuration_session", {"InitialConfigurationToken": "t1"})
            service.add_response(
                "get_latest_configuration",
                {"NextPollConfigurationToken": "t2", "Configuration": BytesIO(each)},
            )
        known = Flags(SOURCE, clock)
        assert not known.enabled("insight")
        clock.advance(60)
        assert not known.enabled("insight")
