"""The system at a glance."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.live import Live

from cli.session import Session
from cli.show import AsJson, ago, as_json, duration, out, table

LIVE = ("due", "scheduled", "processing", "parked", "dead")
#: Milliseconds the database may take for one answer.
SLOW_ANSWER = 200
#: Seconds somebody may wait for a lock.
LONG_LOCK = 2.0
#: Seconds something may wait for the sweeper, which comes every minute.
LATE_SWEEP = 120
#: Live tasks of one owner, and their share of all, from which it is worth a word.
FLOOD, FLOOD_SHARE = 100, 0.5
ENDS = ("completed", "failed", "dead-letter", "cancelled")


def stats(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Again and again, until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between looks.", min=0.2)] = 2.0,
    json: AsJson = False,
) -> None:
    """Queues, live tasks, throughput and failures of the last five minutes, by type."""
    session: Session = context.obj
    if json:
        as_json(session.get("/ops/stats"))
        return
    if not watch:
        out.print(_picture(session.get("/ops/stats")))
        return
    pause = threading.Event()
    with Live(_picture(session.get("/ops/stats")), console=out, refresh_per_second=4) as live:
        while not pause.wait(every):
            live.update(_picture(session.get("/ops/stats")))


def audit(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """Who did what, newest first."""
    session: Session = context.obj
    found = list(session.pages("/ops/audit", limit))
    if json:
        as_json(found)
        return
    rows = [(each["id"], ago(each["at"]), each["actor"], each["action"], _words(each["detail"])) for each in found]
    out.print(table(("#id", "age", "actor", "action", "detail"), rows))


def _picture(now: dict[str, Any]) -> RenderableType:
    window = now["window"]
    head = (
        f"[bold]{window['perSecond']:.2f}[/] tasks/s   failures [bold]{window['failureRate']:.1%}[/]   "
        f"oldest due [bold]{duration(now['oldestDueSeconds'])}[/]   queue {_depth(now['queue'])}   "
        f"dead-letter queue {_depth(now['deadLetterQueue'])}"
    )
    rows = [
        ["[bold]all[/]", *(now["live"][name] for name in LIVE), *(window["ended"][name] for name in ENDS)],
        *([each["type"], *(each[name] for name in (*LIVE, *ENDS))] for each in now["byType"]),
    ]
    return Group(
        head, _health(now["load"]), *_flood(now), table(("type", *(f"#{name}" for name in (*LIVE, *ENDS))), rows)
    )


def _health(load: dict[str, Any]) -> str:
    slow, late = load["answerMs"] > SLOW_ANSWER, load["sweepLateSeconds"] > LATE_SWEEP
    words = [
        _alarming(f"database answers in {load['answerMs']:.0f} ms", slow),
        f"{load['connections']} connections",
        f"{load['sockets']} sockets",
    ]
    if load["lockWaits"]:
        many = "1 session waits" if load["lockWaits"] == 1 else f"{load['lockWaits']} sessions wait"
        waits = f"{many} for a lock, {duration(load['lockWaitSeconds'])}"
        words.append(_alarming(waits, load["lockWaitSeconds"] > LONG_LOCK))
    if late:
        words.append(_alarming(f"sweeper late by {duration(load['sweepLateSeconds'])}", True))
    return "   ".join(words)


def _flood(now: dict[str, Any]) -> list[str]:
    """Whose tasks most of the live ones are, when they are many. Their neighbours do not wait for them."""
    live, busiest = sum(now["live"][name] for name in ("due", "scheduled", "processing")), now["busiest"]
    if busiest is None or busiest["tasks"] < max(FLOOD, FLOOD_SHARE * live):
        return []
    return [f"owner {busiest['owner']} has {busiest['tasks']} of the {live} tasks that are under way"]


def _alarming(words: str, alarming: bool) -> str:
    return f"[red]{words}[/]" if alarming else words


def _depth(queue: dict[str, int] | None) -> str:
    return "[red]away[/]" if queue is None else f"{queue['waiting']}+{queue['inFlight']}"


def _words(detail: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in detail.items())
