"""The system at a glance."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from orchestrator_cli.session import Session
from orchestrator_cli.show import AsJson, ago, as_json, duration, facts, failure, line, out, table
from orchestrator_cli.watch import no_answer, poll, report_silence

LIVE = ("due", "scheduled", "retrying", "waiting", "processing", "parked", "dead")
#: States of tasks that are neither parked nor dead letters.
UNDER_WAY = LIVE[:5]
#: Milliseconds the database may take to read one row.
SLOW_ANSWER = 100
#: Seconds somebody may wait for a lock.
LONG_LOCK = 2.0
#: Seconds something may wait for the sweeper, which comes every minute.
LATE_SWEEP = 120
#: Live tasks of one owner, and their share of all, from which it is worth a word.
FLOOD, FLOOD_SHARE = 100, 0.5
#: Seconds without an end, while something is due for as long, from which it is worth a word.
QUIET = 30
#: Groups of failures that are shown.
MOST_GROUPS = 5
#: Shown even while they are nought.
ALWAYS = ("due", "processing", "dead", "completed", "failed", "dead-letter")
ENDS = ("completed", "failed", "dead-letter", "cancelled")


def stats(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Again and again, until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two reads.", min=0.2)] = 2.0,
    json: AsJson = False,
) -> None:
    """Show queues, live tasks and failures, the throughput of the last minute, and the last five minutes by type.

    With --json and --watch: one line for each poll.
    """
    session: Session = context.obj
    if not watch:
        now = session.get("/ops/stats")
        if json:
            as_json(now)
        else:
            out.print(_picture(now, session.url))
    elif json:
        for now in poll(lambda: session.get("/ops/stats"), every, report_silence):
            as_json(now, on_one_line=True)
    else:
        _watch(session, every)


def audit(
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(help="Only the actions of this operator, by name.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this: flag, rotate, redrive, discard, …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """Show the actions of operators, newest first."""
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
        for now in poll(lambda: session.get("/ops/stats"), every, screen.silent):
            screen.show(_picture(now, session.url))
            live.refresh()


def _picture(now: dict[str, Any], where: str) -> RenderableType:
    window, recent = now["window"], now["recent"]
    head = line(
        (f"{recent['perSecond']:.2f}", "bold"),
        " tasks/s   submitted ",
        (f"{recent['submittedPerSecond']:.2f}", "bold"),
        "/s   failures ",
        (f"{window['failureRate']:.1%}", "bold"),
        "   oldest due ",
        (duration(now["oldestDueSeconds"]), "bold"),
        "   queue ",
        _depth(now["queue"]),
        "   dead-letter queue ",
        _depth(now["deadLetterQueue"]),
    )
    notes = [*_quiet(now), *_failing(now), *_flood(now)]
    return Group(line((where, "dim")), head, _health(now["load"]), *notes, _types(now))


def _types(now: dict[str, Any]) -> RenderableType:
    """Live tasks, ends and paces by type; columns without anything are left out."""
    total = {**now["live"], **now["window"]["ended"]}
    names = [name for name in (*LIVE, *ENDS) if total[name] or name in ALWAYS]
    rows: list[list[object]] = [
        [Text("all", style="bold"), *(total[name] for name in names), *_pace(now["paceOfAll"])],
        *(
            [each["type"], *(each[name] for name in names), *_pace(now["pace"].get(each["type"]))]
            for each in now["byType"]
        ),
    ]
    return table(("type", *(f"#{name}" for name in names), "#p50", "#p95", "#p99", "#waited p95"), rows)


def _pace(pace: dict[str, Any] | None) -> list[str]:
    """Show the time from first due to completed, and of the last attempt from due to claimed."""
    measured = [(pace or {}).get(name) for name in ("p50", "p95", "p99", "waitP95")]
    return ["" if ms is None else f"{ms:.0f} ms" if ms < 1_000 else duration(ms / 1_000) for ms in measured]


def _health(load: dict[str, Any]) -> Text:
    parts = [
        _alarming(f"database reads a row in {load['answerMs']:.3g} ms", load["answerMs"] > SLOW_ANSWER),
        Text(f"{load['connections']} connections"),
        Text(f"{load['sockets']} sockets"),
    ]
    if load["lockWaits"]:
        many = "1 session waits" if load["lockWaits"] == 1 else f"{load['lockWaits']} sessions wait"
        blockers = ", ".join(f"pid {one['pid']} ({one['login']})" for one in load["blockers"])
        waits = f"{many} for a lock, {duration(load['lockWaitSeconds'])}{f': {blockers} has it' if blockers else ''}"
        parts.append(_alarming(waits, load["lockWaitSeconds"] > LONG_LOCK))
    if load["leasesLost"]:
        parts.append(_alarming(f"{load['leasesLost']} leases lost within an hour", True))
    if load["sweepLateSeconds"] > LATE_SWEEP:
        parts.append(_alarming(f"sweeper late by {duration(load['sweepLateSeconds'])}", True))
    return Text("   ").join(parts)


def _quiet(now: dict[str, Any]) -> list[Text]:
    """Return a warning when no task ends although one has been due for as long."""
    due, quiet = now["live"]["due"], now["recent"]["quietSeconds"]
    if not due or now["oldestDueSeconds"] < QUIET or (quiet is not None and quiet < QUIET):
        return []
    since = f"more than {duration(now['window']['seconds'])}" if quiet is None else duration(quiet)
    return [_alarming(f"nothing has ended for {since} while {due} {'is' if due == 1 else 'are'} due", True)]


def _failing(now: dict[str, Any]) -> list[Text]:
    """Return the failures that will be retried, the largest groups first."""
    return [
        line(
            (f"{group['count']} of {group['type']} will be tried again", "yellow"),
            f": {failure(group['example']['error'])}  ",
            (f"fingerprint {group['fingerprint']}, version {group['version'] or 'unknown'}", "dim"),
        )
        for group in now["failing"][:MOST_GROUPS]
    ]


def _flood(now: dict[str, Any]) -> list[Text]:
    """Return the owner of most unfinished tasks, when they are many. Other owners do not wait for them."""
    live, busiest = sum(now["live"][name] for name in UNDER_WAY), now["busiest"]
    if busiest is None or busiest["tasks"] < max(FLOOD, FLOOD_SHARE * live):
        return []
    return [line(f"owner {busiest['owner']} has {busiest['tasks']} of the {live} tasks that are under way")]


def _alarming(parts: str, alarming: bool) -> Text:
    return Text(parts, style="red" if alarming else "")


def _depth(queue: dict[str, int] | None) -> Text:
    return Text("away", style="red") if queue is None else Text(f"{queue['waiting']}+{queue['inFlight']}")
