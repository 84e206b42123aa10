"""Change feature flags and token keys without a deploy."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.text import Text

from orchestrator_cli import completion
from orchestrator_cli.session import Exit, Session, fail
from orchestrator_cli.show import AsJson, Yes, ago, as_json, confirm, out, say, table, unasked
from orchestrator_cli.watch import PATIENCE, no_answer, poll, report_silence

flags = typer.Typer(no_args_is_help=True, help="Feature flags; `task.TYPE` off parks a type.")
secrets = typer.Typer(no_args_is_help=True, help="Keys of access tokens.")

Name = Annotated[str, typer.Argument(metavar="FLAG", autocompletion=completion.flags)]
Value = Annotated[
    str,
    typer.Argument(
        metavar="on|off|N%|default",
        help="For all, none, N % of owners; or no rule.",
        autocompletion=completion.values,
    ),
]
Owners = Annotated[list[str] | None, typer.Option("--owner", help="On for this owner too; may be repeated.")]


@flags.command("get")
def get_flags(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[FLAG]", autocompletion=completion.flags)] = None,
    json: AsJson = False,
) -> None:
    """Show all flags, or one."""
    view = context.obj.get("/ops/flags")
    if name is not None:
        view["flags"] = [flag for flag in view["flags"] if flag["name"] == name]
        if not view["flags"]:
            fail(Exit.NOT_FOUND, f"No rule for {name}: it is as its agent wants it (task.TYPE: on).")
    _show(view, json)


@flags.command("set")
def set_flag(
    context: typer.Context, name: Name, value: Value, owner: Owners = None, yes: Yes = False, json: AsJson = False
) -> None:
    """Change a flag at once: every container has it within a minute. A rollout under way is taken back."""
    session: Session = context.obj
    body = _body(value, owner)
    if not yes:
        rollout = session.get("/ops/flags")["rollout"]
        if rollout:
            unasked(yes, json)
            confirm(f"This takes back {_rollout(rollout)}. Go on?", yes, where=session.where)
    _show(session.put(_path(name), body), json)


@flags.command()
def rollout(context: typer.Context, name: Name, value: Value, owner: Owners = None, json: AsJson = False) -> None:
    """Change a flag step by step; taken back by itself when tasks begin to fail. Exit code 6 if it was."""
    session: Session = context.obj
    begun = session.put(_path(name), {**_body(value, owner), "gradual": True})
    view = _follow(session, begun, quiet=json)
    _show(view, json)
    if view["deployment"] != begun["deployment"]:
        fail(Exit.ENDED_BADLY, "The rollout was taken back.")


@flags.command()
def abort(context: typer.Context, yes: Yes = False, json: AsJson = False) -> None:
    """Take back the rollout that is under way."""
    unasked(yes, json)
    session: Session = context.obj
    rollout = session.get("/ops/flags")["rollout"]
    if not rollout:
        fail(Exit.NOT_FOUND, "No rollout is under way.")
    confirm(f"Take back {_rollout(rollout)}?", yes, where=session.where)
    _show(session.post("/ops/rollout/abort", {"deployment": rollout["deployment"]}), json)


@secrets.command()
def rotate(
    context: typer.Context,
    revoke: Annotated[bool, typer.Option(help="Make all tokens of before worthless: everybody signs in anew.")] = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """New keys for access tokens; tokens of before live out their twenty minutes."""
    session: Session = context.obj
    if revoke:
        unasked(yes, json)
        confirm("Sign everybody out, yourself included?", yes, where=session.where)
    rotated = session.post("/ops/secrets/jwt/rotate", {"revoke": revoke})
    if json:
        as_json(rotated)
    else:
        say(f"Key {rotated['current']} signs from now on.")


def _body(value: str, owners: list[str] | None) -> dict[str, Any]:
    if value == "default":
        return {"forget": True}
    percent = re.fullmatch(r"(\d{1,3})%", value)
    if value not in ("on", "off") and not (percent and int(percent.group(1)) <= 100):
        raise typer.BadParameter(f"{value!r} is not one of: on, off, a percentage like 20%, default")
    share = int(percent.group(1)) if percent else 0
    return {"on": value == "on" or share == 100, "percent": share % 100, "owners": owners or []}


def _path(name: str) -> str:
    return f"/ops/flags/{quote(name, safe='')}"


def _follow(session: Session, view: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    mine = view["deployment"]
    with Progress(console=out, disable=quiet) as progress:
        bar = progress.add_task("rolling out", total=100, completed=view["percentDeployed"])

        def silent(seconds: float) -> None:
            if quiet:
                report_silence(seconds)
            progress.update(bar, description=no_answer(seconds))

        following = poll(lambda: session.get("/ops/flags"), 5.0, silent, begun=True, patience=PATIENCE)
        while view["deployment"] == mine and view["state"] != "COMPLETE":
            view = next(following)
            progress.update(bar, completed=view["percentDeployed"], description=escape(view["state"].lower()))
    return view


def _show(view: dict[str, Any], json: bool) -> None:
    if json:
        as_json(view)
        return
    if view["fault"]:
        say((view["fault"], "red"))
    if view["aborted"]:
        say((f"Taken back: {_rollout(view['aborted'])}.", "yellow"))
    if view["rollout"]:
        say(f"Under way: {_rollout(view['rollout'])}.")
    rows = [(flag["name"], _state(flag), ", ".join(flag["owners"]), _last_set(flag)) for flag in view["flags"]]
    title = f"version {view['version']}, {view['state'].lower()} ({view['percentDeployed']:.0f} %)"
    out.print(table(("flag", "is", "owners", "last set"), rows, title=title))


def _rollout(rollout: dict[str, Any]) -> str:
    flags = ", ".join(rollout["flags"]) or "no flag"
    return f"the rollout of {flags} (version {rollout['version']}, {rollout['percentDeployed']:.0f} % of the way)"


def _last_set(flag: dict[str, Any]) -> str:
    last = flag["lastSet"]
    return f"{ago(last['at'])} ago by {last['by']}" if last else ""


def _state(flag: dict[str, Any]) -> Text:
    if flag["custom"]:
        return Text("by rules of its own")
    if flag["on"]:
        return Text("on", style="green")
    return Text(f"{flag['percent']}%", style="yellow") if flag["percent"] else Text("off", style="red")
