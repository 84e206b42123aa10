"""Containers read the flags that operators write; operators cannot deploy a broken document."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws import feature_flag_admin, feature_flags
from orchestrator.aws.clients import CloudError
from orchestrator.aws.feature_flag_admin import FlagAdmin, Setting, setting_of, validate
from orchestrator.aws.feature_flags import Flags, FlagSource, bucket
from orchestrator.model.errors import Conflict, InvalidInput

SOURCE = FlagSource("app", "env", "profile")
OWNERS = [str(number) for number in range(2_000)]


class Content:
    def __init__(self, text: bytes) -> None:
        self._text = text

    def read(self) -> bytes:
        return self._text


class AppConfig:
    """Versions and deployments, as the service keeps them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.versions: list[bytes] = [b'{"insight": {"default": true}}']
        self.deployments: list[dict[str, Any]] = [self._deployment(1, "COMPLETE", "at-once")]
        #: The function that the stub calls before it makes the next version.
        self.meanwhile: Callable[[], object] = lambda: None
        monkeypatch.setattr(feature_flag_admin, "call", self._call)
        monkeypatch.setattr(feature_flags.Session, "read", lambda _: self.document)

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.versions[int(self.deployments[-1]["ConfigurationVersion"]) - 1])  # type: ignore[no-any-return] # json

    def _deployment(self, number: int, state: str, strategy: str) -> dict[str, Any]:
        return {
            "DeploymentNumber": number,
            "ConfigurationVersion": str(len(self.versions)),
            "State": state,
            "PercentageComplete": 100.0,
            "strategy": strategy,
        }

    def _call(self, service: str, operation: str, **given: Any) -> dict[str, Any]:
        match operation:
            case "list_deployments":
                return {"Items": [dict(each) for each in self.deployments]}
            case "list_hosted_configuration_versions":
                return self._page(int(given.get("NextToken", 0)))
            case "get_hosted_configuration_version":
                return {"Content": Content(self.versions[given["VersionNumber"] - 1])}
            case "create_hosted_configuration_version":
                self.meanwhile()
                if given.get("LatestVersionNumber") != (len(self.versions) or None):
                    raise CloudError(service, operation, "ConflictException")
                self.versions.append(given["Content"])
                return {"VersionNumber": len(self.versions)}
            case "start_deployment":
                strategy = given["DeploymentStrategyId"]
                state = "COMPLETE" if strategy == "at-once" else "DEPLOYING"
                self.deployments.append(self._deployment(len(self.deployments) + 1, state, strategy))
                return self.deployments[-1]
            case "stop_deployment":
                stopped = self.deployments[given["DeploymentNumber"] - 1]
                if stopped["State"] != "DEPLOYING":
                    raise CloudError(service, operation, "BadRequestException")
                stopped["State"] = "ROLLED_BACK"
                return {}
        raise AssertionError(operation)

    def _page(self, start: int) -> dict[str, Any]:
        """Two versions at a time, the oldest first."""
        numbers = range(start + 1, min(start + 2, len(self.versions)) + 1)
        more = {"NextToken": str(start + 2)} if start + 2 < len(self.versions) else {}
        return {"Items": [{"VersionNumber": number} for number in numbers], **more}


@pytest.fixture
def appconfig(monkeypatch: pytest.MonkeyPatch) -> AppConfig:
    return AppConfig(monkeypatch)


@pytest.fixture
def flag_admin(appconfig: AppConfig) -> FlagAdmin:
    return FlagAdmin(SOURCE, at_once="at-once", gradual="gradually")


def test_a_percentage_is_a_share_of_owners_always_the_same(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    flag_admin.set("task.echo", Setting(on=False, percent=20, owners=["ann"]))
    known = Flags(SOURCE)
    chosen = {owner for owner in OWNERS if known.enabled("task.echo", owner)}
    assert 0.15 < len(chosen) / len(OWNERS) < 0.25
    assert known.enabled("task.echo", "ann")
    flag_admin.set("task.echo", Setting(on=False, percent=50))
    more = {owner for owner in OWNERS if Flags(SOURCE).enabled("task.echo", owner)}
    assert chosen < more


def test_flags_choose_different_owners() -> None:
    first, second = ({owner for owner in OWNERS if bucket(name, owner) < 20} for name in ("a", "b"))
    assert len(first & second) < len(first) / 2


def test_a_type_that_is_on_for_some_is_not_parked_for_all(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    flag_admin.set("task.echo", Setting(on=False, percent=20))
    flag_admin.set("task.friend.ask", Setting(on=False))
    known = Flags(SOURCE)
    assert known.parked_types() == {"friend.ask"}
    assert not known.enabled("task.echo")


@pytest.mark.parametrize(
    "setting",
    [Setting(on=True), Setting(on=False), Setting(False, 5), Setting(False, 0, ["a"]), Setting(False, 9, ["a"])],
)
def test_a_rule_reads_back_as_it_was_meant(setting: Setting) -> None:
    validate({"flag": setting.rule()})
    assert setting_of(setting.rule()) == (Setting(setting.on, setting.percent, list(setting.owners)), True)


def test_an_added_rule_is_reported(flag_admin: FlagAdmin) -> None:
    rule = {"default": False, "rules": {"mine": {"when_match": True, "conditions": []}}}
    assert setting_of(rule)[1] is False


@pytest.mark.parametrize(
    "document", [{"flag": {}}, {"flag": {"default": "yes"}}, {"flag": {"default": True, "rules": "x"}}, {"flag": 1}]
)
def test_a_broken_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        validate({**document})


@pytest.mark.parametrize(("name", "percent"), [("Upper", 0), ("a b", 0), ("", 0), ("a" * 101, 0), ("fine", 101)])
def test_a_bad_change_is_refused(flag_admin: FlagAdmin, appconfig: AppConfig, name: str, percent: int) -> None:
    with pytest.raises(InvalidInput):
        flag_admin.set(name, Setting(False, percent))
    assert len(appconfig.versions) == 1


def test_a_gradual_change_waits_its_turn_and_an_urgent_one_does_not(
    flag_admin: FlagAdmin, appconfig: AppConfig
) -> None:
    assert flag_admin.set("insight", Setting(False, 10), gradual=True).state == "DEPLOYING"
    with pytest.raises(Conflict):
        flag_admin.set("other", Setting(True), gradual=True)
    urgent = flag_admin.set("task.echo", Setting(False))
    assert [each["State"] for each in appconfig.deployments] == ["COMPLETE", "ROLLED_BACK", "COMPLETE"]
    assert urgent.document == {"insight": {"default": True}, "task.echo": {"default": False}}


def test_of_two_changes_at_once_one_is_refused_and_nothing_is_lost(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    other = FlagAdmin(SOURCE, at_once="at-once", gradual="gradually")

    def forestall() -> None:
        appconfig.meanwhile = lambda: None
        other.set("theirs", Setting(True))

    appconfig.meanwhile = forestall
    with pytest.raises(Conflict, match="Another operator"):
        flag_admin.set("ours", Setting(False))
    assert set(appconfig.document) == {"insight", "theirs"}
    flag_admin.set("ours", Setting(False))
    assert set(appconfig.document) == {"insight", "theirs", "ours"}


def test_a_deployment_between_read_and_write_is_not_overwritten(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    appconfig.versions.append(b'{"theirs": {"default": true}}')
    theirs = appconfig._deployment(2, "COMPLETE", "at-once")
    appconfig.meanwhile = lambda: appconfig.deployments.append(theirs)
    with pytest.raises(Conflict, match="Another operator"):
        flag_admin.set("ours", Setting(False))
    assert appconfig.document == {"theirs": {"default": True}}


def test_a_version_that_was_never_deployed_stands_in_nobody_s_way(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    appconfig.versions += [b"{}"] * 5
    assert flag_admin.set("a", Setting(True)).document == {"a": {"default": True}, "insight": {"default": True}}


def test_a_rollout_and_its_end_are_named(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    begun = flag_admin.set("insight", Setting(False, 10), gradual=True).rollout
    assert begun == flag_admin.read().rollout == feature_flag_admin.Rollout(2, 2, 100.0, ["insight"])
    urgent = flag_admin.set("task.echo", Setting(False))
    assert (urgent.aborted, urgent.rollout, flag_admin.read().rollout) == (begun, None, None)


def test_a_change_that_is_refused_ends_no_rollout(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    flag_admin.set("insight", Setting(False, 10), gradual=True)
    appconfig.meanwhile = lambda: appconfig.versions.append(b"{}")
    with pytest.raises(Conflict):
        flag_admin.set("task.echo", Setting(False))
    assert appconfig.deployments[-1]["State"] == "DEPLOYING"


def test_a_rollout_is_taken_back(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    flag_admin.set("insight", Setting(False), gradual=True)
    with pytest.raises(Conflict, match="not under way"):
        flag_admin.abort(1)
    taken = flag_admin.abort(2)
    assert (taken.document, taken.rollout) == ({"insight": {"default": True}}, None)
    assert taken.aborted is not None
    assert taken.aborted.flags == ["insight"]
    with pytest.raises(Conflict, match="not under way"):
        flag_admin.abort(2)


def test_a_refusal_of_another_sort_is_passed_on(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    def away() -> None:
        raise CloudError("appconfig", "create_hosted_configuration_version", "BadRequestException")

    appconfig.meanwhile = away
    with pytest.raises(CloudError):
        flag_admin.set("a", Setting(True))


def test_a_change_that_was_taken_back_is_not_built_upon(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    flag_admin.set("insight", Setting(False), gradual=True)
    appconfig.deployments[-1]["State"] = "ROLLED_BACK"
    assert flag_admin.read().document == {"insight": {"default": True}}


def test_forgetting_a_flag(flag_admin: FlagAdmin) -> None:
    assert flag_admin.set("insight", None).document == {}


def test_an_environment_without_deployments_has_no_flags(flag_admin: FlagAdmin, appconfig: AppConfig) -> None:
    appconfig.deployments.clear()
    assert flag_admin.read().document == {}


@pytest.mark.parametrize(
    "broken", [b'{"insight": {"def', b"[]", b"null", b'"x"', b'{"insight": {"default": "maybe?"}, "b": 1}']
)
def test_a_broken_document_is_named_and_the_next_change_replaces_it(
    flag_admin: FlagAdmin, appconfig: AppConfig, broken: bytes
) -> None:
    sound = flag_admin.set("a", Setting(True)).document
    appconfig.versions.append(broken)
    appconfig.deployments.append(appconfig._deployment(len(appconfig.deployments) + 1, "COMPLETE", "at-once"))
    seen = flag_admin.read()
    assert (seen.document, seen.version) == (sound, len(appconfig.versions) - 1)
    assert f"Version {len(appconfig.versions)}" in seen.fault
    flag_admin.set("b", Setting(False))
    assert flag_admin.read().document == {**sound, "b": {"default": False}}
    assert flag_admin.read().fault == ""
