"""A change outside the database is recorded before it is made; flags show their last operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.aws.clients import CloudError
from orchestrator.aws.feature_flag_admin import Rollout
from orchestrator.http.app import Services, build_app
from orchestrator.http.routes import ROUTERS
from orchestrator.http.schemas import operator_responses as answers
from orchestrator.model.errors import Unavailable
from orchestrator.store import audit
from orchestrator.store.connection import Connection, Database
from tests.integration.conftest import PlayedFlagAdmin
from tests.support.gateway import Caller
from tests.support.shapes import validated

ROLLOUT = Rollout(deployment=4, version=9, percent=30.0, flags=["insight"])


class Keys:
    """Keys that can be rotated; `away`: not now."""

    def __init__(self) -> None:
        self.rotated = 0
        self.away = False

    def __call__(self, revoke: bool) -> str:
        if self.away:
            raise CloudError("secretsmanager", "put_secret_value", "InternalServiceError")
        self.rotated += 1
        return f"key-{self.rotated}"


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def olga(services: Services, flag_admin: PlayedFlagAdmin, keys: Keys) -> Caller:
    app = build_app(replace(services, flag_admin=flag_admin, rotate_keys=keys), ROUTERS)
    token, _ = services.tokens.issue("9", "olga", "operator")
    return Caller(app, {"Authorization": f"Bearer {token}"})


def trail(olga: Caller, query: str = "") -> list[dict[str, Any]]:
    items = validated(answers.Audit, olga.get(f"/ops/audit{query}").json())["items"]
    return [{"action": each["action"], "actor": each["actor"], **each["detail"]} for each in items]


def steps(olga: Caller) -> list[tuple[str, str]]:
    return [(each["action"], each["step"]) for each in trail(olga)]


def test_a_flag_names_its_last_operator(olga: Caller) -> None:
    olga.put("/ops/flags/task.echo", {"on": False})
    shown = validated(answers.FlagsView, olga.get("/ops/flags").json())
    known = {flag["name"]: flag["lastSet"] for flag in shown["flags"]}
    assert known["insight"] is None
    assert known["task.echo"] is not None
    assert known["task.echo"]["by"] == "olga (9)"
    assert steps(olga) == [("flag", "done"), ("flag", "begun")]
    assert trail(olga)[0]["version"] == shown["version"]


def test_flags_are_shown_while_the_database_is_away(olga: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("The database is away.")

    monkeypatch.setattr(audit, "last_flag_changes", away)
    assert [flag["lastSet"] for flag in olga.get("/ops/flags").json()["flags"]] == [None]


def test_a_change_that_fails_is_on_record_as_one_that_failed(
    olga: Caller, flag_admin: PlayedFlagAdmin, keys: Keys
) -> None:
    assert olga.post("/ops/rollout/abort", {"deployment": 4}).status == 409
    keys.away = True
    assert olga.post("/ops/secrets/jwt/rotate", {}).status == 503
    assert steps(olga) == [("rotate", "failed"), ("rotate", "begun"), ("abort", "failed"), ("abort", "begun")]
    assert "InternalServiceError" in trail(olga)[0]["error"]


@pytest.mark.parametrize(
    ("name", "suggestion"), [("task.ehco", "; did you mean task.echo?"), ("task.", ""), ("task.zzz.zzz", "")]
)
def test_a_kill_switch_names_a_task_type(olga: Caller, flag_admin: PlayedFlagAdmin, name: str, suggestion: str) -> None:
    """A typing error would park nothing, without a word."""
    refused = olga.put(f"/ops/flags/{name}", {"on": False})
    assert refused.status == 400
    assert (
        refused.json()["message"].endswith(f"there is no agent {name.removeprefix('task.')!r}{suggestion}")
        or not suggestion
    )
    assert name not in flag_admin.document


def test_the_rule_of_a_type_that_is_gone_can_be_removed(olga: Caller, flag_admin: PlayedFlagAdmin) -> None:
    flag_admin.document["task.gone"] = {"default": False}
    assert olga.put("/ops/flags/task.gone", {"forget": True}).status == 200
    assert "task.gone" not in flag_admin.document


def test_nonsense_leaves_no_trail(olga: Caller) -> None:
    assert olga.put("/ops/flags/Wrong", {"on": True}).status == 400
    assert olga.put("/ops/flags/fine", {"percent": 101}).status == 400
    assert olga.post("/ops/rollout/abort", {}).status == 400
    assert trail(olga) == []


CHANGES: dict[str, Callable[[Caller], Any]] = {
    "a flag": lambda olga: olga.put("/ops/flags/task.echo", {"on": False}),
    "the keys": lambda olga: olga.post("/ops/secrets/jwt/rotate", {}),
    "a rollout": lambda olga: olga.post("/ops/rollout/abort", {"deployment": 4}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_without_a_trail_nothing_is_changed(
    olga: Caller,
    flag_admin: PlayedFlagAdmin,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Caller], Any],
) -> None:
    flag_admin.rollout = ROLLOUT
    _lose(monkeypatch, "begun")
    assert change(olga).status == 503
    assert (flag_admin.version, flag_admin.rollout, keys.rotated) == (1, ROLLOUT, 0)


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_change_without_a_recorded_outcome_is_audited_as_begun(
    olga: Caller, flag_admin: PlayedFlagAdmin, monkeypatch: pytest.MonkeyPatch, change: Callable[[Caller], Any]
) -> None:
    flag_admin.rollout = ROLLOUT
    _lose(monkeypatch, "done")
    assert change(olga).status == 200
    assert [step for _, step in steps(olga)] == ["begun"]


def test_a_rollout_is_shown_taken_back_and_named(olga: Caller, flag_admin: PlayedFlagAdmin) -> None:
    flag_admin.rollout = ROLLOUT
    shown = validated(answers.FlagsView, olga.get("/ops/flags").json())
    assert shown["rollout"] is not None
    assert (shown["rollout"]["flags"], shown["rollout"]["percentDeployed"]) == (["insight"], 30.0)
    assert olga.post("/ops/rollout/abort", {"deployment": 3}).status == 409
    taken = validated(answers.FlagsView, olga.post("/ops/rollout/abort", {"deployment": 4}).json())
    assert (taken["rollout"], taken["aborted"]) == (None, shown["rollout"])
    assert (trail(olga)[0]["action"], trail(olga)[0]["flags"]) == ("abort", ["insight"])


def test_a_change_at_once_names_the_rollout_that_it_ended(olga: Caller, flag_admin: PlayedFlagAdmin) -> None:
    flag_admin.rollout = ROLLOUT
    changed = validated(answers.FlagsView, olga.put("/ops/flags/task.echo", {"on": False}).json())
    assert changed["aborted"] is not None
    assert changed["aborted"]["flags"] == ["insight"]
    assert trail(olga)[0]["aborted"]["deployment"] == 4


def test_the_trail_of_one_actor_or_one_action(olga: Caller, db: Database) -> None:
    for actor, action in (("olga (9)", "flag"), ("olga (19)", "rotate"), ("canary", "stop"), ("olgaria (3)", "flag")):
        db.run(audit.record_action, actor, action, {})
    assert [each["actor"] for each in trail(olga, "?actor=olga")] == ["olga (19)", "olga (9)"]
    assert [each["actor"] for each in trail(olga, "?actor=olga%20(9)")] == ["olga (9)"]
    assert [each["actor"] for each in trail(olga, "?action=flag")] == ["olgaria (3)", "olga (9)"]
    assert [each["action"] for each in trail(olga, "?actor=canary")] == ["stop"]
    first = olga.get("/ops/audit?actor=olga&limit=1").json()
    assert trail(olga, f"?actor=olga&cursor={first['nextCursor']}")[0]["actor"] == "olga (9)"
    assert trail(olga, "?actor=olga&action=stop") == []


def _lose(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The database is away just when this step is to be kept."""
    keep = audit.record_action

    def lossy(conn: Connection, actor: str, action: str, detail: Mapping[str, Any]) -> None:
        if detail["step"] == step:
            raise Unavailable("The database is away.")
        keep(conn, actor, action, detail)

    monkeypatch.setattr(audit, "record_action", lossy)
