"""Ports and folders of a stack, and what is said when they cannot be had."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tools.local_stack.processes import refuse_taken_ports
from tools.local_stack.stack_config import Layout
from tools.progress import Refused


def test_one_number_moves_all_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT_BASE", "9000")
    monkeypatch.setenv("LOCAL_STATE", str(tmp_path))
    layout = Layout.from_environment()
    assert (layout.web_port, layout.aws_port, layout.database_port) == (9000, 9001, 9002)
    assert layout.stack_file == tmp_path / "stack.json"
    assert "9002" in layout.database_url


@pytest.mark.parametrize("base", ["80", "70000", "many", ""])
def test_a_base_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("PORT_BASE", base)
    with pytest.raises(Refused, match="PORT_BASE"):
        Layout.from_environment()


def test_a_stack_that_is_not_up_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="make up"):
        Layout(tmp_path, 9000).read_stack()


def test_a_taken_port_is_named_with_the_way_round_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Refused, match=re.escape(f"Port {port}, for pages, is taken")) as refusal:
            refuse_taken_ports({port: "pages"}, 9000)
    assert "PORT_BASE=9100" in str(refusal.value)
