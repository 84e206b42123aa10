"""The origins of other local frontends: `ALLOWED_ORIGINS=… make up`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.local_stack.deploy import parameters
from tools.local_stack.stack_config import Layout
from tools.progress import Refused

OWN = ["http://127.0.0.1:9000", "http://localhost:9000"]


def allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str) -> list[str]:
    monkeypatch.setenv("ALLOWED_ORIGINS", given)
    return parameters(Layout(tmp_path, 9000), "any", "any")["AllowedOrigins"].split(",")


@pytest.mark.parametrize(
    ("given", "more"),
    [
        ("", []),
        ("http://localhost:5173", ["http://localhost:5173"]),
        (" http://localhost:5173/ , https://app.example ,", ["http://localhost:5173", "https://app.example"]),
        ("http://[::1]:5173", ["http://[::1]:5173"]),
    ],
)
def test_other_origins_are_added_to_those_of_the_stack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, more: list[str]
) -> None:
    assert allowed(monkeypatch, tmp_path, given) == [*OWN, *more]


@pytest.mark.parametrize("given", ["localhost:5173", "http://localhost:5173/app", "*", "ftp://localhost", "http://a b"])
def test_anything_else_is_refused_with_an_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str) -> None:
    with pytest.raises(Refused, match=r"no origin; write it like http://localhost:5173"):
        allowed(monkeypatch, tmp_path, given)
