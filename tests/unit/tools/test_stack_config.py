"""Ports and folders of a stack, and the messages when they are taken."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tools.local_stack.processes import Program, refuse_taken_ports
from tools.local_stack.stack import KEPT, alone, bring_down, refuse_another_base, shell_file
from tools.local_stack.stack_config import AWS_KEYS, Layout
from tools.progress import Refused


def test_one_number_moves_all_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT_BASE", "9000")
    monkeypatch.setenv("LOCAL_STATE", str(tmp_path))
    layout = Layout.from_environment()
    assert (layout.web_port, layout.aws_port, layout.database_port) == (9000, 9001, 9002)
    assert layout.stack_file == tmp_path / "stack.json"
    assert "9002" in layout.database_url


@pytest.mark.parametrize("base", ["80", "70000", "many", "", "²", "٩٠٠٠", "9e3"])
def test_a_base_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("PORT_BASE", base)
    with pytest.raises(Refused, match="PORT_BASE"):
        Layout.from_environment()


def test_a_stack_that_is_not_up_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="make up"):
        Layout(tmp_path, 9000).read_stack()


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"api_url": "http://127.0.0.1:9000"}', "\udcff"])
def test_a_broken_stack_file_is_named(tmp_path: Path, text: str) -> None:
    layout = Layout(tmp_path, 9000)
    layout.stack_file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Refused, match=re.escape(f"{layout.stack_file} is broken")):
        layout.read_stack()


def test_a_stack_on_other_ports_is_named(tmp_path: Path) -> None:
    """Or a checkout that forgot its PORT_BASE would deploy onto the stack of another one."""
    begun = Layout(tmp_path, 9200)
    sleeper = Program("ministack", begun)
    process = sleeper.start([sys.executable, "-c", "import signal; signal.pause()"], {})
    try:
        assert sleeper.port_base() == 9200
        refuse_another_base(begun)
        with pytest.raises(Refused, match=re.escape("runs with PORT_BASE=9200, not 9100")):
            refuse_another_base(Layout(tmp_path, 9100))
    finally:
        sleeper.stop()
        process.wait()
    refuse_another_base(Layout(tmp_path, 9100))


def test_a_stop_waits_for_the_command_that_works_on_the_stack(tmp_path: Path) -> None:
    layout = Layout(tmp_path, 9000)
    with alone(layout):
        stopping = threading.Thread(target=bring_down, args=(layout,))
        stopping.start()
        stopping.join(0.3)
        assert stopping.is_alive()
    stopping.join(10)
    assert not stopping.is_alive()


def test_the_names_that_may_belong_to_another_stack_are_known() -> None:
    assert set(KEPT) == {*AWS_KEYS, "STACK", "API", "DATABASE_URL", "ORCHESTRATOR_STACK", "AWS_ENDPOINT_URL"}


@pytest.mark.parametrize("name", KEPT)
def test_a_shell_keeps_its_own_variables(tmp_path: Path, name: str) -> None:
    """They may name a stack on AWS. The file names the variable and sets nothing."""
    file = tmp_path / "aws.env"
    file.write_text(shell_file(Layout(tmp_path, 9000)))
    source = f". {file} && echo sourced"
    clean = {"PATH": os.defpath}
    first = subprocess.run(["sh", "-c", source], env=clean, capture_output=True, text=True, check=False)
    assert first.stdout == "sourced\n"
    twice = subprocess.run(["sh", "-c", f". {file}; {source}"], env=clean, capture_output=True, text=True, check=False)
    assert twice.stdout == "sourced\n"
    kept = subprocess.run(
        ["sh", "-c", f"{source}; echo ${name}"],
        env={**clean, name: "mine"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert kept.stdout == "mine\n"
    assert f"unset {name}" in kept.stderr


def test_a_taken_port_is_named_with_the_way_round_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Refused, match=re.escape(f"Port {port}, for pages, is taken")) as refusal:
            refuse_taken_ports({port: "pages"}, 9000)
    assert "PORT_BASE=9100" in str(refusal.value)


def test_the_tools_of_the_shell_file_run_in_a_path_with_a_space(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkout = tmp_path / "my projects" / "it's here"
    interpreter = checkout / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text('#!/bin/sh\nprintf "%s|" "$PYTHONPATH" "$@"\n')
    interpreter.chmod(0o755)
    monkeypatch.setattr("tools.local_stack.stack.python", lambda _: interpreter)
    monkeypatch.setattr("tools.local_stack.stack.ROOT", checkout)
    monkeypatch.setattr("tools.local_stack.postgres.BINARIES", interpreter.parent)
    (interpreter.parent / "psql").symlink_to(interpreter)
    layout = Layout(checkout, 9000)
    (checkout / "aws.env").write_text(shell_file(layout))
    calls = "aws sqs list-queues; orchestrator stats; psql -c 'SELECT 1'"
    shell = ["sh", "-ec", f'. ./aws.env; {calls}; printf %s "$ORCHESTRATOR_STACK"']
    said = subprocess.run(
        shell, capture_output=True, text=True, cwd=checkout, env={"PATH": os.environ["PATH"]}, check=False
    )
    assert said.stderr == ""
    assert f"|-m|awscli|--endpoint-url|{layout.aws_url}|sqs|list-queues|" in said.stdout
    assert f"{checkout}/clients/cli|-m|playmate_cli|stats|" in said.stdout
    assert said.stdout.endswith(f"|-c|SELECT 1|{checkout}/stack.json")
