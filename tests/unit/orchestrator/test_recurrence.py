"""When schedules run: across changes of the clock, and which ones are refused."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.engine.recurrence import BadRecurrence, Recurrence

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clock changes by 30 minutes


def runs(recurrence: Recurrence, start: datetime, end: datetime) -> list[datetime]:
    found, moment = [], recurrence.next_after(start)
    while moment < end:
        found.append(moment)
        moment = recurrence.next_after(moment)
    return found


def test_a_year_of_daily_runs_has_one_for_each_day() -> None:
    start = datetime(2026, 7, 1, tzinfo=LORD_HOWE)
    end = datetime(2027, 7, 1, tzinfo=LORD_HOWE)
    for cron in ("0 7 * * *", "15 2 * * *", "45 1 * * *"):
        days = Counter(
            run.astimezone(LORD_HOWE).date() for run in runs(Recurrence(cron, None, LORD_HOWE.key), start, end)
        )
        assert (len(days), set(days.values())) == (365, {1}), cron


def test_a_skipped_local_time_runs_when_the_gap_ends() -> None:
    recurrence = Recurrence("15 2 * * *", None, LORD_HOWE.key)
    run = recurrence.next_after(datetime(2026, 10, 3, 12, tzinfo=UTC))
    assert run.astimezone(LORD_HOWE).isoformat() == "2026-10-04T02:30:00+11:00"


def test_an_interval_takes_no_notice_of_the_clock() -> None:
    start = datetime(2026, 10, 3, 12, tzinfo=UTC)
    recurrence = Recurrence(None, 3600, LORD_HOWE.key)
    assert runs(recurrence, start, start + timedelta(hours=4)) == [start + timedelta(hours=hour) for hour in (1, 2, 3)]
    late = start + timedelta(hours=5, minutes=1)
    assert recurrence.first_after(start, late) == start + timedelta(hours=6)


@pytest.mark.parametrize(
    ("recurrence", "field"),
    [
        (Recurrence(None, None), "cron"),
        (Recurrence("0 7 * * *", 60), "cron"),
        (Recurrence("0 0 30 2 *", None), "cron"),
        (Recurrence("0 0 31 4 *", None), "cron"),
        (Recurrence("61 * * * *", None), "cron"),
        (Recurrence("* * * * * *", None), "cron"),
        (Recurrence("@daily", None), "cron"),
        (Recurrence("0 7 * * * " * 20, None), "cron"),
        (Recurrence(None, 59), "every"),
        (Recurrence(None, 10**9), "every"),
        (Recurrence("0 7 * * *", None, "Mars/Olympus"), "timeZone"),
        (Recurrence("0 7 * * *", None, "localtime"), "timeZone"),
        (Recurrence("0 7 * * *", None, "../../etc/passwd"), "timeZone"),
    ],
)
def test_a_recurrence_that_cannot_be_used_is_refused_by_field(recurrence: Recurrence, field: str) -> None:
    with pytest.raises(BadRecurrence) as refused:
        recurrence.check()
    assert refused.value.field == field
