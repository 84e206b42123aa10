"""The API of a command, and its message without one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from orchestrator_cli import session as sessions
from orchestrator_cli.main import app
from orchestrator_cli.session import Exit, Refusal, Session, find

PROD, LOCAL = "https://prod.example", "http://local.example"
HTML = b"<!doctype html><title>Welcome</title>"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's home and checkout, with a local stack."""
    monkeypatch.chdir(tmp_path)
    for name in ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN", "ORCHESTRATOR_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sessions, "REMEMBERED", tmp_path / "session.json")
    monkeypatch.setattr(sessions, "sign_in", lambda url, name, _: Session(url, f"{name}'s"))
    stack = tmp_path / sessions.LOCAL_STACK
    stack.parent.mkdir()
    users = [{"name": "ann", "password": "x"}, {"name": "olga", "password": "x", "role": "operator"}]
    stack.write_text(json.dumps({"api_url": LOCAL, "users": users}))
    return tmp_path


def remember(home: Path, *, seconds: float, url: str = PROD) -> None:
    kept = {"url": url, "token": "kept", "until": time.time() + seconds}
    (home / "session.json").write_text(json.dumps(kept))


def chosen(url: str | None = None, token: str | None = None, stack: Path | None = None) -> tuple[str, str]:
    found = find(url, token, stack)
    return found.url, found.token


def run_with(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_given_options_go_before_stored_ones(home: Path) -> None:
    assert chosen() == (LOCAL, "olga's")
    remember(home, seconds=60)
    assert chosen() == (PROD, "kept")
    assert chosen(url=f"{PROD}/") == (PROD, "kept")
    assert chosen(url=PROD, stack=home / sessions.LOCAL_STACK) == (PROD, "kept")
    assert chosen(stack=home / sessions.LOCAL_STACK) == (LOCAL, "olga's")
    assert chosen(url="https://other.example", token="t") == ("https://other.example", "t")


def test_a_sign_in_that_has_ended_is_not_replaced_by_another_stack(home: Path) -> None:
    remember(home, seconds=-1)
    for arguments in ((), ("--url", PROD)):
        result = run_with(*arguments, "stats")
        assert result.exit_code == Exit.NOT_SIGNED_IN
        assert f"Your sign-in to {PROD} has ended: orchestrator login --url {PROD}" in result.output
    assert chosen(stack=home / sessions.LOCAL_STACK) == (LOCAL, "olga's")


def test_an_address_without_a_sign_in_is_not_replaced_by_the_local_stack(home: Path) -> None:
    remember(home, seconds=60)
    result = run_with("--url", "https://other.example", "stats")
    assert (result.exit_code, "Not signed in to https://other.example" in result.output) == (3, True)


def test_a_token_without_an_address_is_an_error(home: Path) -> None:
    remember(home, seconds=60)
    result = run_with("stats", ORCHESTRATOR_TOKEN="token")
    assert (result.exit_code, "ORCHESTRATOR_URL" in result.output) == (2, True)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"url": 1}', '{"url": "u", "token": "t", "until": "soon"}'])
def test_a_broken_file_is_named(home: Path, text: str) -> None:
    (home / "session.json").write_text(text)
    result = run_with("stats")
    assert (result.exit_code, "session.json is broken" in result.output) == (Exit.NOT_SIGNED_IN, True)
    (home / "session.json").unlink()
    (home / sessions.LOCAL_STACK).write_text(text)
    result = run_with("stats")
    assert (result.exit_code, "stack.json is broken" in result.output) == (Exit.NOT_SIGNED_IN, True)


def test_a_file_that_is_no_text_is_named(home: Path) -> None:
    (home / "session.json").write_bytes(b"\xff\xfe\x00")
    assert "session.json is broken" in run_with("stats").output


def test_a_token_that_cannot_be_one_is_said(home: Path) -> None:
    for token in ("tökén", "two words", "line\nbreak"):
        result = run_with("--url", PROD, "--token", token, "stats")
        assert (result.exit_code, "The token is none" in result.output) == (Exit.NOT_SIGNED_IN, True)


@pytest.mark.parametrize("status", [200, 204, 301])
@pytest.mark.parametrize("content", [HTML, b"", b"[]", b'"x"', b"\xff"])
def test_an_address_that_answers_something_else(status: int, content: bytes) -> None:
    session = Session(PROD, "t", answering(status, content))
    with pytest.raises(Refusal, match="answers, but not as this API does") as refused:
        session.get("/ops/stats")
    assert sessions.exit_code(refused.value) == Exit.UNREACHABLE


@pytest.mark.parametrize(("status", "code"), [(404, Exit.NOT_FOUND), (502, Exit.UNREACHABLE), (403, 3)])
def test_a_refusal_without_json_keeps_its_status(status: int, code: int) -> None:
    with pytest.raises(Refusal, match=f"{status}: <!doctype html>") as refused:
        Session(PROD, "t", answering(status, HTML)).get("/ops/stats")
    assert sessions.exit_code(refused.value) == code


def test_an_api_that_gives_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(Refusal, match="gave no token"):
        sessions.sign_in(PROD, "olga", "x", answering(200, b'{"hello": "world"}'))


@pytest.mark.parametrize("url", ["nonsense", "http://[", "http://" + "a" * 70 + ".x", "ftp://x", "http://\x00a"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Refusal, match="cannot be reached"):
        Session(url, "t").get("/ops/stats")


def test_a_sign_in_that_cannot_be_kept_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "orchestrator_cli.main.sign_in", lambda url, *_: Session(url, "t", answering(200, b'{"items": []}'))
    )
    (home / "file").write_text("")
    monkeypatch.setattr(sessions, "REMEMBERED", home / "file" / "session.json")
    result = run_with("login", "--url", PROD, "--name", "olga", "--password", "x")
    assert (result.exit_code, "cannot be kept" in result.output) == (Exit.REFUSED, True)


def test_a_sign_in_is_kept_for_its_owner_alone(home: Path) -> None:
    file = home / "session.json"
    file.write_text("{}")
    file.chmod(0o644)
    sessions.remember(Session(PROD, "secret"), 60)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    assert chosen() == (PROD, "secret")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir() if path.name.startswith("session")] == ["session.json"]


def test_without_a_home_the_local_stack_is_used_and_nothing_kept(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert chosen() == (LOCAL, "olga's")
    monkeypatch.setattr(
        "orchestrator_cli.main.sign_in", lambda url, *_: Session(url, "t", answering(200, b'{"items": []}'))
    )
    result = run_with("login", "--url", PROD, "--name", "olga", "--password", "x")
    assert (result.exit_code, "ORCHESTRATOR_TOKEN" in result.output) == (Exit.REFUSED, True)


def test_a_home_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def unreadable(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", unreadable)
    result = run_with("stats")
    assert (result.exit_code, "--token" in result.output) == (Exit.NOT_SIGNED_IN, True)
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("arguments", [("login", "--url", PROD), ("--url", PROD, "login")])
def test_login_takes_the_address_on_either_side_and_speaks_json(
    monkeypatch: pytest.MonkeyPatch, home: Path, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(
        "orchestrator_cli.main.sign_in", lambda url, *_: Session(url, "t", answering(200, b'{"items": []}'))
    )
    result = run_with(*arguments, "--name", "olga", "--password", "x", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["url"] == PROD
    assert chosen() == (PROD, "t")


def answering(status: int, content: bytes) -> Any:
    def transport(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        return status, content

    return transport
