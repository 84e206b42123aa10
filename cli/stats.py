"""The system at a glance."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from cli.session import Session
from cli.show import AsJson, ago, as_json, duration, facts, line, out, table
from cli.watching import looks, no_answer, tell_silence

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
    """Queues, live tasks, throughput and failures of the last five minutes, by type. --json --watch: a line a look."""
    session: Session = context.obj
    if not watch:
        now = session.get("/ops/stats")
        if json:
            as_json(now)
        else:
            out.print(_picture(now, session.url))
    elif json:
        for now in looks(lambda: session.get("/ops/stats"), every, tell_silence):
            as_json(now, on_one_line=True)
    else:
        _watch(session, every)


def audit(
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(help="Only what this one did, by name.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this: flag, rotate, redrive, discard, …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """Who did what, newest first."""
    session: Session = context.obj
    found = list(session.pages("/ops/audit", limit, actor=actor, action=action))
    if json:
        as_json(found)
        return
    rows = [(each["id"], ago(each["at"]), each["actor"], each["action"], facts(each["detail"])) for each in found]
    out.print(table(("#id", "age", "actor", "action", "detail"), rows))


class _Screen:
    """The last figures, and for how long there have been no newer ones."""

    def __init__(self) -> None:
        self._shown: RenderableType = ""
        self._silent_since: float | None = None

    def show(self, picture: RenderableType) -> None:
        self._shown, self._silent_since = picture, None

    def silent(self, seconds: float) -> None:
        self._silent_since = time.monotonic() - seconds

    def __rich__(self) -> RenderableType:
        if self._silent_since is None:
            return self._shown
        return Group(line((no_answer(time.monotonic() - self._silent_since), "bold red")), self._shown)


def _watch(session: Session, every: float) -> None:
    screen = _Screen()
    with Live(screen, console=out, refresh_per_second=4) as live:
        for now in looks(lambda: session.get("/ops/stats"), every, screen.silent):
            screen.show(_picture(now, session.url))
            live.refresh()


def _picture(now: dict[str, Any], where: str) -> RenderableType:
    window = now["window"]
    head = line(
        (f"{window['perSecond']:.2f}", "bold"),
        " tasks/s   failures ",
        (f"{window['failureRate']:.1%}", "bold"),
        "   oldest due ",
        (duration(now["oldestDueSeconds"]), "bold"),
        "   queue ",
        _depth(now["queue"]),
        "   dead-letter queue ",
        _depth(now["deadLetterQueue"]),
    )
    rows = [
        [Text("all", style="bold"), *(now["live"][name] for name in LIVE), *(window["ended"][name] for name in ENDS)],
        *([each["type"], *(each[name] for name in (*LIVE, *ENDS))] for each in now["byType"]),
    ]
    columns = ("type", *(f"#{name}" for name in (*LIVE, *ENDS)))
    return Group(line((where, "dim")), head, _health(now["load"]), *_flood(now), table(columns, rows))


def _health(load: dict[str, Any]) -> Text:
    words = [
        _alarming(f"database answers in {load['answerMs']:.0f} ms", load["answerMs"] > SLOW_ANSWER),
        Text(f"{load['connections']} connections"),
        Text(f"{load['sockets']} sockets"),
    ]
    if load["lockWaits"]:
        many = "1 session waits" if load["lockWaits"] == 1 else f"{load['lockWaits']} sessions wait"
        waits = f"{many} for a lock, {duration(load['lockWaitSeconds'])}"
        words.append(_alarming(waits, load["lockWaitSeconds"] > LONG_LOCK))
    if load["sweepLateSeconds"] > LATE_SWEEP:
        words.append(_alarming(f"sweeper late by {duration(load['sweepLateSeconds'])}", True))
    return Text("   ").join(words)


def _flood(now: dict[str, Any]) -> list[Text]:
    """Whose tasks most of the live ones are, when they are many. Their neighbours do not wait for them."""
    live, busiest = sum(now["live"][name] for name in ("due", "scheduled", "processing")), now["busiest"]
    if busiest is None or busiest["tasks"] < max(FLOOD, FLOOD_SHARE * live):
        return []
    return [line(f"owner {busiest['owner']} has {busiest['tasks']} of the {live} tasks that are under way")]


def _alarming(words: str, alarming: bool) -> Text:
    return Text(words, style="red" if alarming else "")


def _depth(queue: dict[str, int] | None) -> Text:
    return Text("away", style="red") if queue is None else Text(f"{queue['waiting']}+{queue['inFlight']}")
