"""The files that `make agent` writes run without changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.testing import run_agent
from tools.agent_skeleton import files


@pytest.mark.parametrize("word", ["import", "class", "None", "greet", "match"])
def test_the_skeleton_is_python_for_every_last_word(word: str) -> None:
    for path, text in files(f"data.{word[0].lower()}{word[1:]}").items():
        if path.suffix == ".py":
            compile(text, str(path), "exec")


def test_the_skeleton_runs(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {path.name: text for path, text in files("kid.greetAgain").items()}
    assert set(written) == {"kid_greet_again.py", "test_kid_greet_again.py", "kid.greetAgain.v1.json"}
    package = tmp_path / "skeleton_agents"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "kid_greet_again.py").write_text(written["kid_greet_again.py"], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    done = run_agent(database_url, "kid.greetAgain", {"name": "Lina"}, package="skeleton_agents")
    assert done.result["message"].startswith("Hello Lina")
    assert done.progress == ("Thinking",)
    refused = run_agent(database_url, "kid.greetAgain", {"name": "nobody"}, package="skeleton_agents")
    assert (refused.status, refused.error["code"]) == ("failed", "nobody")
