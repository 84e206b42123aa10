"""Bringing a whole local stack up and down."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.local_stack import emulator, postgres
from tools.local_stack.build import architecture, build, runtime
from tools.local_stack.deploy import deploy, parameters, variables
from tools.local_stack.invoke import env_file
from tools.local_stack.processes import Program, answers, refuse_taken_ports
from tools.local_stack.seed import migrate, settle
from tools.local_stack.stack_config import AWS_KEYS, REGION, ROOT, STACK_NAME, Layout
from tools.progress import Refused, say, step
from tools.virtualenvs import python

#: Variables of the runbooks, and credentials, that a shell may already have for another stack.
KEPT = (
    "STACK",
    "API",
    "DATABASE_URL",
    "ORCHESTRATOR_STACK",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL",
)


def proxy(layout: Layout) -> Program:
    return Program("proxy", layout)


def programs(layout: Layout) -> list[Program]:
    """Return the programs in the order of their start."""
    return [postgres.program(layout), emulator.program(layout), proxy(layout)]


def bring_up(layout: Layout) -> None:
    """Start the missing servers, deploy the current code, and write stack.json."""
    layout.state.mkdir(parents=True, exist_ok=True)
    with alone(layout):
        if not emulator.program(layout).running():  # else the running stack goes on if the deploy fails
            layout.stack_file.unlink(missing_ok=True)
        refuse_another_base(layout)
        _refuse_ports_of_others(layout)
        with ThreadPoolExecutor() as pool:
            servers = pool.submit(_start_servers, layout)
            built = build(layout.application)
            servers.result()
        with step("deploy of template.yaml"):
            outputs = deploy(layout, built, parameters(layout, runtime(), architecture()))
        with step("schema and demonstration families"):
            migrate(layout, outputs["MigrateFunctionName"])
            users = settle(layout)
        with step("pages and API on one address"):
            _start_proxy(layout, outputs)
        _write_stack(layout, outputs, users)


def bring_down(layout: Layout) -> None:
    """Stop every program of the stack that is still running, when no other command works on it any more."""
    layout.state.mkdir(parents=True, exist_ok=True)
    with alone(layout):
        _stop_all(layout)


def _stop_all(layout: Layout) -> None:
    running = [program for program in reversed(programs(layout)) if program.running()]
    for program in reversed(programs(layout)):
        if program in running:
            with step(f"stopping {program.name}"):
                program.stop()
        else:
            program.stop()
    layout.stack_file.unlink(missing_ok=True)
    if not running:
        say("  nothing was running")


def _start_servers(layout: Layout) -> None:
    if not postgres.program(layout).running():
        with step("Postgres"):
            postgres.start(layout)
    if not emulator.program(layout).running():
        with step("MiniStack"):
            emulator.start(layout)


def _start_proxy(layout: Layout, outputs: Mapping[str, str]) -> None:
    server = proxy(layout)
    if server.running():
        return
    sockets = f"{layout.aws_url}/_aws/execute-api/{outputs['WebSocketApiId']}/live"
    process = server.start(
        [python("dev"), "-m", "tools.local_stack.proxy", str(layout.web_port), outputs["HttpUrl"], sockets],
        {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
    )
    server.wait_until(lambda: answers(layout.web_port), process)


def _write_stack(layout: Layout, outputs: Mapping[str, str], users: Sequence[Mapping[str, Any]]) -> None:
    """Write stack.json, with the addresses and users for clients, tests and people."""
    stack = {
        "api_url": layout.web_url,
        "websocket_url": layout.websocket_url,
        "web_url": layout.web_url,
        "database_url": layout.database_url,
        "aws_endpoint_url": layout.aws_url,
        "region": REGION,
        "stack_name": STACK_NAME,
        "queue_url": outputs["TaskQueueUrl"],
        "dlq_url": outputs["DeadLetterQueueUrl"],
        "long_queue_url": outputs["LongTaskQueueUrl"],
        "long_dlq_url": outputs["LongDeadLetterQueueUrl"],
        "event_queue_url": outputs["EventQueueUrl"],
        "jwt_secret_arn": outputs["JwtSecretArn"],
        "users": list(users),
    }
    layout.stack_file.write_text(json.dumps(stack, indent=2) + "\n")
    (layout.state / "aws.env").write_text(shell_file(layout))
    env_file(layout).write_text(json.dumps(variables(layout), indent=2) + "\n")


def shell_file(layout: Layout) -> str:
    """Return the shell script for users of this stack: its addresses, and the tools of the runbooks.

    A variable that the shell has already is not overwritten: it may name another stack, on AWS.
    """
    variables = {
        **AWS_KEYS,
        "AWS_ENDPOINT_URL": layout.aws_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PAGER": "",
        "STACK": STACK_NAME,
        "API": layout.web_url,
        "DATABASE_URL": layout.database_url,
        "ORCHESTRATOR_STACK": layout.stack_file,
    }
    tools = {
        # Version 1 of the AWS CLI needs the option for SQS. It is run as a module, because the first line of the
        # script `aws` cannot name an interpreter whose path has a space.
        "aws": f"env -u AWS_PROFILE {_quoted(python('dev'))} -m awscli --endpoint-url {layout.aws_url}",
        "psql": _quoted(postgres.BINARIES / "psql"),
        "orchestrator": f"PYTHONPATH={_quoted(ROOT / 'clients' / 'cli')} {_quoted(python('dev'))} -m playmate_cli",
    }
    guards = [_guard(name, str(variables[name])) for name in KEPT]
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in variables.items()]
    return "\n".join([*guards, *lines, *(f'{name}() {{ {tool} "$@"; }}' for name, tool in tools.items()), ""])


def _guard(name: str, value: str) -> str:
    """Return shell code that ends the sourced file where the shell's own variable has another value."""
    warning = f"{name} is set to another value; this file does not overwrite it. First: unset {name}"
    test = f'[ -n "${{{name}-}}" ] && [ "${{{name}-}}" != {shlex.quote(value)} ]'
    return f"if {test}; then echo {shlex.quote(warning)} >&2; return 1; fi"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def refuse_another_base(layout: Layout) -> None:
    """Refuse to deploy on ports where this checkout's programs do not run: another checkout's stack may be there."""
    for program in programs(layout):
        base = program.port_base()
        if base not in (None, layout.port_base):
            raise Refused(
                f"The stack in {layout.state} runs with PORT_BASE={base}, not {layout.port_base}.\n"
                f"Use it: make PORT_BASE={base} up      Or stop it first: make down"
            )


def _refuse_ports_of_others(layout: Layout) -> None:
    wanted = {
        proxy(layout): (layout.web_port, "pages and API"),
        emulator.program(layout): (layout.aws_port, "MiniStack"),
        postgres.program(layout): (layout.database_port, "Postgres"),
    }
    ports = {port: purpose for program, (port, purpose) in wanted.items() if not program.running()}
    refuse_taken_ports(ports, layout.port_base)


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Let two commands on one stack take turns, and say that one of them waits."""
    with (layout.state / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another command works on this stack; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
