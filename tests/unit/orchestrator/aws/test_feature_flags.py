from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from botocore.stub import Stubber

from orchestrator.aws import clients, feature_flags
from orchestrator.aws.clients import CloudError
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
        self.reads = 0
        monkeypatch.setattr(feature_flags.Session, "read", lambda _: self._read())

    def _read(self) -> Mapping[str, Any]:
        self.reads += 1
        if self.document is None:
            raise CloudError("appconfigdata", "get_latest_configuration", "ThrottlingException")
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
    assert appconfig.reads == 1


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
    assert appconfig.reads == 2


def test_the_default_applies_when_appconfig_was_never_reached(appconfig: AppConfig, clock: Clock) -> None:
    appconfig.document = None
    known = Flags(SOURCE, clock)
    assert known.enabled("insight")
    assert not known.enabled("insight", default=False)
    assert known.parked_types() == frozenset()


def test_a_container_that_begins_in_an_outage_recalls_the_flags_of_others(appconfig: AppConfig, clock: Clock) -> None:
    appconfig.document = None
    known = Flags(SOURCE, clock, recall=lambda: {"task.echo": {"default": False}})
    assert known.parked_types() == {"echo"}
    appconfig.document = DOCUMENT | {"task.echo": {"default": True}}
    clock.advance(46)
    assert known.parked_types() == frozenset()


def test_recalled_flags_do_not_count_as_read(appconfig: AppConfig, clock: Clock) -> None:
    """The sweeper stores the flags it has read; it must not store flags read from there."""
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
    assert appconfig.reads == 0


@pytest.mark.parametrize("content", [b"not json", b'{"insight": {"default": "maybe"}}', b"[]"])
def test_a_broken_document_keeps_the_last_one(aws: None, clock: Clock, content: bytes) -> None:
    with Stubber(clients.client("appconfigdata")) as service:
        start(service, "t1")
        for token, each in (("t1", json.dumps(DOCUMENT).encode()), ("t2", content)):
            answer(service, token, each, f"t{int(token[1]) + 1}")
        known = Flags(SOURCE, clock)
        assert not known.enabled("insight")
        clock.advance(60)
        assert not known.enabled("insight")


def start(service: Stubber, token: str) -> None:
    """The next call begins a session."""
    expected = {
        "ApplicationIdentifier": "app",
        "EnvironmentIdentifier": "env",
        "ConfigurationProfileIdentifier": "profile",
        "RequiredMinimumPollIntervalInSeconds": 30,
    }
    service.add_response("start_configuration_session", {"InitialConfigurationToken": token}, expected)


def answer(service: Stubber, token: str, content: bytes, following: str) -> None:
    """The next call uses `token` and is answered with `content` and the token `following`."""
    service.add_response(
        "get_latest_configuration",
        {"NextPollConfigurationToken": following, "Configuration": BytesIO(content)},
        {"ConfigurationToken": token},
    )


def test_a_container_receives_the_document_once(aws: None, clock: Clock) -> None:
    """AppConfig bills each document that it sends; an unchanged one it answers with an empty body."""
    with Stubber(clients.client("appconfigdata")) as service:
        start(service, "t1")
        answer(service, "t1", json.dumps(DOCUMENT).encode(), "t2")
        answer(service, "t2", b"", "t3")
        answer(service, "t3", b'{"insight": {"default": true}}', "t4")
        known = Flags(SOURCE, clock)
        seen = []
        for _ in range(3):
            seen.append(known.enabled("insight"))
            clock.advance(46)
        assert seen == [False, False, True]
        service.assert_no_pending_responses()


def test_an_expired_token_begins_a_new_session(aws: None, clock: Clock) -> None:
    with Stubber(clients.client("appconfigdata")) as service:
        start(service, "t1")
        answer(service, "t1", json.dumps(DOCUMENT).encode(), "t2")
        service.add_client_error(
            "get_latest_configuration", "BadRequestException", expected_params={"ConfigurationToken": "t2"}
        )
        start(service, "s1")
        answer(service, "s1", b'{"insight": {"default": true}}', "s2")
        known = Flags(SOURCE, clock)
        assert not known.enabled("insight")
        clock.advance(25 * 3600)
        assert known.enabled("insight")
        service.assert_no_pending_responses()


def test_a_lost_answer_begins_a_new_session(aws: None, clock: Clock) -> None:
    """Whether AppConfig has spent the token is then unknown."""
    with Stubber(clients.client("appconfigdata")) as service:
        start(service, "t1")
        service.add_client_error("get_latest_configuration", "InternalServerException")
        start(service, "s1")
        answer(service, "s1", json.dumps(DOCUMENT).encode(), "s2")
        known = Flags(SOURCE, clock)
        assert known.enabled("insight")
        clock.advance(11)
        assert not known.enabled("insight")


def test_after_a_change_of_ones_own_the_interval_is_not_waited_for(aws: None, clock: Clock) -> None:
    with Stubber(clients.client("appconfigdata")) as service:
        start(service, "t1")
        answer(service, "t1", json.dumps(DOCUMENT).encode(), "t2")
        start(service, "s1")
        answer(service, "s1", b'{"insight": {"default": true}}', "s2")
        known = Flags(SOURCE, clock)
        assert not known.enabled("insight")
        known.forget()
        assert known.enabled("insight")
