"""`make agent NAME=…`: the skeleton of an agent, its test and its golden payload."""

from __future__ import annotations

import keyword
import os
import re
from pathlib import Path

from tools.progress import Refused, say
from tools.virtualenvs import ROOT

NAME = re.compile(r"[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*")

AGENT = '''"""What `{type}` does, in one line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from orchestrator import Context, Refuse, agent


class {name}Payload(BaseModel):
    """What the task is given."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)


class {name}Result(BaseModel):
    """What the task answers with."""

    message: str


@agent("{type}", payload={name}Payload, result={name}Result, open_to_users=True)
def {function}(ctx: Context, payload: {name}Payload) -> {name}Result:
    if payload.name == "nobody":
        raise Refuse("There is nobody of that name.", code="nobody")
    row = ctx.db.execute("SELECT task_now() AS now").fetchone()
    ctx.progress("Thinking", percent=50)
    return {name}Result(message=f"Hello {{payload.name}}, it is {{row['now']:%H:%M}}." if row else "")
'''

TEST = '''"""The agent `{type}` on a real database."""

from __future__ import annotations

from orchestrator import run_agent


def test_it_answers(database_url: str) -> None:
    done = run_agent(database_url, "{type}", {{"name": "Lina"}}, package="playmate.agents")
    assert done.status == "completed"
    assert done.result["message"].startswith("Hello Lina")


def test_it_refuses(database_url: str) -> None:
    done = run_agent(database_url, "{type}", {{"name": "nobody"}}, package="playmate.agents")
    assert (done.status, done.error["code"]) == ("failed", "nobody")
'''


def skeleton() -> int:
    """Write the files of the agent NAME; overwrite nothing."""
    task_type = os.environ.get("NAME", "")
    if not NAME.fullmatch(task_type):
        raise Refused("Say which: make agent NAME=kid.greet (camelCase names joined by dots)")
    for path, text in files(task_type).items():
        if path.exists():
            raise Refused(f"{path.relative_to(ROOT)} is there already")
        path.write_text(text, encoding="utf-8")
        say(f"  wrote {path.relative_to(ROOT)}")
    say("Next: docs/start/first-agent.md")
    return 0


def _function_name(word: str) -> str:
    """Return the word, or one that Python allows: `import_` for `import`."""
    return f"{word}_" if keyword.iskeyword(word) else word


def files(task_type: str) -> dict[Path, str]:
    """Return every file of the skeleton with its text."""
    stem = re.sub(r"(?<!^)(?=[A-Z])", "_", task_type).replace(".", "_").lower()
    values = {
        "type": task_type,
        "name": "".join(word.capitalize() for word in stem.split("_")),
        "function": _function_name(stem.rsplit("_", maxsplit=1)[-1]),
    }
    return {
        ROOT / "shared" / "playmate" / "agents" / f"{stem}.py": AGENT.format(**values),
        ROOT / "tests" / "integration" / "playmate" / f"test_{stem}.py": TEST.format(**values),
        ROOT / "tests" / "support" / "golden" / f"{task_type}.v1.json": '{"name": "Lina"}\n',
    }
