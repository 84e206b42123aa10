"""Text of other users is shown as they wrote it, and steers no terminal."""

from __future__ import annotations

import pytest

from orchestrator_cli.show import as_json, duration, facts, failure, line, plain, table

ODD = ("no [/var/task/a.json]", "[/x]", "list[str]", "[bold]loud[/bold]", "a\\[b]", "[link=https://x]")


@pytest.mark.parametrize("text", ODD)
def test_brackets_are_brackets(text: str) -> None:
    made = table(("error",), [(text,)], title=text)
    assert [str(cell) for column in made.columns for cell in column.cells] == [text]
    assert str(made.title) == text
    assert line(text, (text, "red")).plain == text * 2


@pytest.mark.parametrize("steering", ["\x1b[2J", "\x9b2J", "\r", "\x07", "\x08", "\x7f", "\x00", "\u202e", "\u2066"])
def test_nothing_steers_the_terminal(steering: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"a{steering}b"
    as_json({"error": text})
    shown = (plain(text), line(text).plain, failure(text), failure({"kind": "K", "message": text}))
    assert not any(steering[0] in each for each in shown)
    assert steering[0] not in capsys.readouterr().out.rstrip("\n")


def test_lines_and_tabs_stay() -> None:
    assert plain("a\n\tb") == "a\n\tb"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (59.9, "59 s"),
        (119, "1 min"),
        (3_599, "59 min"),
        (7_199, "1 h"),
        (172_799, "1 d"),
    ],
)
def test_no_time_is_said_to_be_longer_than_it_was(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_a_long_list_is_shown_by_its_beginning() -> None:
    listed = facts({"ids": [str(number) for number in range(1_000)], "tasks": 2, "few": ["a", "b"]})
    assert listed == "ids=0, 1, 2 and 997 more tasks=2 few=['a', 'b']"
