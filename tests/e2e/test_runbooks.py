"""Every command of the runbooks is run, on a stack in the situation of the page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from playmate_cli.main import app
from tests.e2e import runbooks
from tests.e2e.alarm_causes import Lab, Situation
from tests.support.stack import Stack
from tools.aws_deploy.environment import Environment
from tools.local_stack.templates import read
from tools.virtualenvs import ROOT

#: Commands that the local cloud cannot run, and the reason. Each is still checked as far as it goes.
ONLY_ON_AWS = {
    "DB=$(name Database)": "the local database is no RDS instance",
    "aws sqs start-message-move-task": "MiniStack has no StartMessageMoveTask; tests/faults moves the messages itself",
    'aws secretsmanager rotate-secret --secret-id "$(aws rds': "the master's password is RDS's",
    "git revert COMMIT": "it deploys to production",
    "aws cloudformation continue-update-rollback": "no update of the local stack is in that state",
}
#: The expected trace of the incident: the beginning of a command, and a part of its output.
SHOWN: dict[str, dict[str, str]] = {
    "README.md": {"orchestrator tasks show": "completed", "lines '": "task completed"},
    "api-errors.md": {
        'lines \'{ $.message = "invocation done"': r'"route":"/api/friends/confirmed".*"status":500',
        'lines \'{ $.message = "request failed"': "UndefinedTable",
    },
    "api-slow.md": {"lines": '"route":"/api/friends/confirmed"'},
    "database.md": {
        "orchestrator stats": "waits? for a lock",
        'psql "$DATABASE_URL" -c "SELECT pid, pg_blocking_pids': r"\{\d+\}",
        'psql "$DATABASE_URL" -c "SELECT pg_': r"\bt\b",
    },
    "dead-letters.md": {
        "orchestrator dead-letters preview": "3 dead letters",
        "orchestrator tasks show": "UndefinedTable",
    },
    "deploy.md": {"curl": '"version"', "aws lambda list-versions": r"\b1\b"},
    "failures.md": {"orchestrator dead-letters list": "UndefinedTable", "orchestrator tasks show": "redrive it"},
    "leases.md": {
        "lines": '"message":"lease ended"',
        "orchestrator dead-letters list": "worker-lost",
        "orchestrator tasks show": "lease-lost",
    },
    "quickstart.md": {
        'curl -sf "$API/api/tasks/': '"type":"echo"',
        'curl -sf -X POST "$API/api/realtime/ticket"': '"url":"ws',
    },
    "operate.md": {"orchestrator stats": "due"},
    "flags.md": {"orchestrator flags set task.echo 20%": "20"},
    "secrets.md": {"aws secretsmanager list": "AWSPREVIOUS", "orchestrator audit": "rotate"},
    "sweeper.md": {"lines": '"message":"swept"', "aws lambda invoke": '"woken"', "aws scheduler": "ENABLED"},
    "waiting.md": {
        "orchestrator why": "queued",
        "aws lambda list-event-source-mappings": "Disabled",
        "orchestrator tasks list": "echo",
        "orchestrator tasks cancel": r"tasks? (is|are) cancelled",
    },
}

NAMES = runbooks.RUNBOOKS / "README.md"


@pytest.fixture
def lab(stack: Stack) -> Iterator[Lab]:
    with Lab.of(stack) as made:
        yield made


@pytest.fixture(scope="module")
def names(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the definitions of the first page; its questions are asked once."""
    with Lab.of(stack) as lab:
        defined = [command for command in runbooks.commands(NAMES) if re.match(r"\w+\(\)|[A-Z]+=", command)]
        tools = [f". {lab.shell}", *(command for command in defined if "() {" in command), "DB=db"]
        asked = [command for command in defined if "() {" not in command and not _only_on_aws(command)]
        questions = [
            *asked,
            f"echo {' '.join(f'{name}=${name}' for name in re.findall(r'([A-Z]+)=', ' '.join(asked)))}",
        ]
        *_, last = runbooks.run(questions, before=tools, environment=lab.environment(tmp_path_factory.mktemp("home")))
    return [*tools, last.output.strip()]


@pytest.mark.parametrize("page", runbooks.PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_its_commands_show_and_repair(page: Path, lab: Lab, names: list[str], tmp_path: Path) -> None:
    name = page.stem.replace("-", "_") if page.parent == runbooks.RUNBOOKS else ""
    situation: Callable[[Lab], Iterator[Situation]] = getattr(Lab, name, Lab.a_quiet_day)
    with lab.after(situation) as prepared:
        written = [command for command in runbooks.commands(page) if not _only_on_aws(command)]
        script = [prepared.fill(command).replace(". .local/aws.env", f". {lab.shell}") for command in written]
        said = list(runbooks.run(script, before=names, environment=lab.environment(tmp_path)))
        assert [one for one in said if one.code] == []
        assert len(said) == len(script)
        for beginning, expected in SHOWN.get(page.name, {}).items():
            outputs = [one.output for one in said if one.command.startswith(beginning)]
            assert outputs, f"{page.name} has no {beginning}"
            assert re.search(expected, outputs[0]), outputs[0]
        prepared.check()


def test_commands_for_aws_alone_are_well_formed(lab: Lab, names: list[str], tmp_path: Path) -> None:
    written = [command for page in runbooks.PAGES for command in runbooks.commands(page)]
    for beginning in ONLY_ON_AWS:
        assert any(command.startswith(beginning) for command in written), beginning
    left = [command for command in written if _only_on_aws(command) and "aws " in command]
    calls = [call for command in left for call in _calls(command)]
    assert calls
    script = [f"{call} --generate-cli-skeleton > /dev/null" for call in calls]
    said = runbooks.run(script, before=names, environment=lab.environment(tmp_path))
    assert [one for one in said if one.code] == []


def test_make_knows_the_deploy_targets() -> None:
    (deploy,) = [command for command in runbooks.commands(runbooks.RUNBOOKS / "deploy.md") if "make aws" in command]
    questions = shlex.split(deploy.partition("make aws ")[2])
    given = dict(one.split("=", 1) for one in questions)
    environment = Environment.read(given["ENV"], "us-east-1", given["PARAMETERS"])
    assert environment.overrides["CanaryEnabled"] == "false"
    assert "\naws: ##" in (ROOT / "Makefile").read_text()


def test_names_in_the_runbooks_are_the_templates() -> None:
    resources = read(ROOT / "template.yaml")["Resources"]
    named = {name for page in runbooks.PAGES for name in re.findall(r"\$\(name (\w+)\)", page.read_text())}
    assert named - set(resources) == set()


@pytest.mark.parametrize(
    "command",
    sorted({command for page in [*runbooks.PAGES, *runbooks.GUIDES] for command in runbooks.inline(page)}),
    ids=lambda text: text[:60],
)
def test_commands_within_sentences_are_commands(command: str) -> None:
    name, *arguments = shlex.split(command.replace("…", "x").removesuffix(" …"))
    assert name == "orchestrator", "an aws command belongs into a block, where it is run"
    found, context = get_command(app), None
    while hasattr(found, "commands") and arguments and not arguments[0].startswith("-"):
        found = found.commands[arguments.pop(0)]
    if found.name == "login":
        arguments += [
            word for name in ("url", "name", "password") if f"--{name}" not in arguments for word in (f"--{name}", "x")
        ]
    if arguments != ["--install-completion"]:
        context = found.make_context("orchestrator", arguments)
        assert context.params


def _only_on_aws(command: str) -> bool:
    return command.startswith(tuple(ONLY_ON_AWS))


def _calls(command: str) -> list[str]:
    """Yield the calls of a command, the inner ones first; an outer one gets a placeholder for their answers."""
    inner = re.findall(r"\$\((aws [^()]+)\)", command)
    outer = re.sub(r'"?\$\(aws [^()]+\)"?', "arn:aws:service:us-east-1:000000000000:thing", command)
    return [*inner, *([outer] if outer.startswith("aws ") else [])]
