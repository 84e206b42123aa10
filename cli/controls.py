"""What changes without a deploy: flags, keys, the knowledge base."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from cli.session import Exit, Session, fail
from cli.show import AsJson, Yes, as_json, confirm, out, table, unasked

flags = typer.Typer(no_args_is_help=True, help="Feature flags; `task.TYPE` off parks a type.")
secrets = typer.Typer(no_args_is_help=True, help="Keys of access tokens.")
knowledge = typer.Typer(no_args_is_help=True, help="The knowledge base of the insight agent.")

Name = Annotated[str, typer.Argument(metavar="FLAG")]
Value = Annotated[str, typer.Argument(metavar="on|off|N%|default", help="For all, none, N % of owners; or no rule.")]
Owners = Annotated[list[str] | None, typer.Option("--owner", help="On for this owner too; may be repeated.")]


@flags.command("get")
def get_flags(
    context: typer.Context, name: Annotated[str | None, typer.Argument(metavar="[FLAG]")] = None, json: AsJson = False
) -> None:
    """All flags, or one."""
    view = context.obj.get("/ops/flags")
    if name is not None:
        view["flags"] = [flag for flag in view["flags"] if flag["name"] == name]
        if not view["flags"]:
            fail(Exit.NOT_FOUND, f"No rule for {name}: it is as its agent wants it (task.TYPE: on).")
    _show(view, json)


@flags.command("set")
def set_flag(context: typer.Context, name: Name, value: Value, owner: Owners = None, json: AsJson = False) -> None:
    """Change a flag at once: every container has it within a minute."""
    _show(context.obj.put(f"/ops/flags/{name}", _body(value, owner)), json)


@flags.command()
def rollout(context: typer.Context, name: Name, value: Value, owner: Owners = None, json: AsJson = False) -> None:
    """Change a flag step by step; taken back by itself when tasks begin to fail. Exit code 6 if it was."""
    session: Session = context.obj
    begun = session.put(f"/ops/flags/{name}", {**_body(value, owner), "gradual": True})
    view = _follow(session, begun, quiet=json)
    _show(view, json)
    if view["deployment"] != begun["deployment"]:
        fail(Exit.ENDED_BADLY, "The rollout was taken back.")


@secrets.command()
def rotate(
    context: typer.Context,
    revoke: Annotated[bool, typer.Option(help="Make all tokens of before worthless: everybody signs in anew.")] = False,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """New keys for access tokens; tokens of before live out their twenty minutes."""
    if revoke:
        unasked(yes, json)
        confirm("Sign everybody out, yourself included?", yes)
    rotated = context.obj.post("/ops/secrets/jwt/rotate", {"revoke": revoke})
    if json:
        as_json(rotated)
    else:
        out.print(f"Key {rotated['current']} signs from now on.")


@knowledge.command()
def load(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Markdown of your own.")] = None,
    json: AsJson = False,
) -> None:
    """Load this version's documents, or those of a file, which replace them."""
    body = {"markdown": file.read_text(encoding="utf-8")} if file else {}
    loaded = context.obj.post("/ops/knowledge", body)
    if json:
        as_json(loaded)
    else:
        out.print(f"{loaded['documents']} documents, {loaded['changed']} new or changed.")


def _body(value: str, owners: list[str] | None) -> dict[str, Any]:
    if value == "default":
        return {"forget": True}
    percent = re.fullmatch(r"(\d{1,3})%", value)
    if value not in ("on", "off") and not (percent and int(percent.group(1)) <= 100):
        raise typer.BadParameter(f"{value!r} is not one of: on, off, a percentage like 20%, default")
    share = int(percent.group(1)) if percent else 0
    return {"on": value == "on" or share == 100, "percent": share % 100, "owners": owners or []}


def _follow(session: Session, view: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    mine, pause = view["deployment"], threading.Event()
    with Progress(console=out, disable=quiet) as progress:
        bar = progress.add_task("rolling out", total=100, completed=view["percentDeployed"])
        while view["deployment"] == mine and view["state"] != "COMPLETE":
            pause.wait(5.0)
            view = session.get("/ops/flags")
            progress.update(bar, completed=view["percentDeployed"], description=f"{view['state'].lower()}")
    return view


def _show(view: dict[str, Any], json: bool) -> None:
    if json:
        as_json(view)
        return
    if view["fault"]:
        out.print(f"[red]{view['fault']}[/]")
    rows = [(flag["name"], _state(flag), ", ".join(flag["owners"])) for flag in view["flags"]]
    title = f"version {view['version']}, {view['state'].lower()} ({view['percentDeployed']:.0f} %)"
    out.print(table(("flag", "is", "owners"), rows, title=title))


def _state(flag: dict[str, Any]) -> str:
    if flag["custom"]:
        return "by rules of its own"
    if flag["on"]:
        return "[green]on[/]"
    return f"[yellow]{flag['percent']}%[/]" if flag["percent"] else "[red]off[/]"
