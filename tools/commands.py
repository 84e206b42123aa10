"""The commands of `make`, by name."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from types import FrameType

from tools import agent_skeleton
from tools.aws_deploy.deploy import deploy
from tools.aws_deploy.destroy import destroy
from tools.local_stack.demo import demonstrate
from tools.local_stack.invoke import invoke
from tools.local_stack.stack import bring_down, bring_up
from tools.local_stack.stack_config import Layout
from tools.progress import Refused, say
from tools.quality import checks, engine_alone, openapi, requirements, scan, schema, screenshots, site
from tools.quality.reference import pages


def up() -> int:
    layout = Layout.from_environment()
    bring_up(layout)
    _show_addresses(layout)
    say("Try it: make demo      Stop it: make down")
    return 0


def down() -> int:
    bring_down(Layout.from_environment())
    return 0


def demo() -> int:
    demonstrate(Layout.from_environment())
    return 0


def run() -> int:
    """Everything in the foreground, until Ctrl-C."""
    layout = Layout.from_environment()
    try:
        bring_up(layout)
        say("The demo:")
        demonstrate(layout)
        _show_addresses(layout)
        say("Everything is up. Ctrl-C stops it.")
        signal.pause()
    except KeyboardInterrupt:
        say()
    finally:
        bring_down(layout)
    return 0


def _show_addresses(layout: Layout) -> None:
    stack = layout.read_stack()
    families, operators = (
        ", ".join(user["name"] for user in stack["users"] if (user.get("role") == "operator") is wanted)
        for wanted in (False, True)
    )
    if stack["users"]:
        say(f"  pages      {stack['web_url']}/   (sign in as {families})")
        say(f"  operators  {stack['web_url']}/operator/   (sign in as {operators})")
        say(f"  password   {stack['users'][0]['password']}   (the same for all of them)")
    say(f"  API        {stack['api_url']}/api/tasks   (openapi: {stack['api_url']}/openapi.json)")
    say(f"  database   {stack['database_url']}")
    say(f"  all of it  {layout.stack_file}")


COMMANDS: dict[str, Callable[[], int]] = {
    "run": run,
    "up": up,
    "down": down,
    "demo": demo,
    "test": checks.test,
    "soak": checks.soak,
    "check": checks.check,
    "format": checks.format,
    "engine": engine_alone.engine,
    "scan": scan.scan,
    "lock": requirements.lock,
    "invoke": invoke,
    "openapi": openapi.write,
    "schema": schema.write,
    "reference": pages.write,
    "docs": site.build,
    "screenshots": screenshots.take,
    "agent": agent_skeleton.skeleton,
    "aws": deploy,
    "destroy": destroy,
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        say(f"Say one of: {', '.join(COMMANDS)}")
        return 2
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, _interrupt)  # also where a script's shell makes its children ignore Ctrl-C
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        return COMMANDS[arguments[0]]()
    except Refused as refusal:
        say(str(refusal))
    except subprocess.CalledProcessError as failure:
        say(f"{failure.cmd[0]} failed with {failure.returncode}")
    except KeyboardInterrupt:
        say("Stopped.")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
