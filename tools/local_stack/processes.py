"""Programs that outlive the command that started them: started, found again and ended by their pid files."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil

from tools.local_stack.stack_config import Layout
from tools.progress import Refused

#: Seconds a program has to end by itself before it is killed.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Program:
    """One background program of a stack."""

    name: str
    layout: Layout
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def log(self) -> Path:
        return self.layout.logs / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.layout.state / "run" / f"{self.name}.json"

    def start(
        self, command: Sequence[str | Path], environment: Mapping[str, str], *, user: int | None = None
    ) -> subprocess.Popen[bytes]:
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.layout.state,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        started = psutil.Process(process.pid).create_time()
        record = {"pid": process.pid, "started": started, "port_base": self.layout.port_base}
        self._record.write_text(json.dumps(record))
        return process

    def port_base(self) -> int | None:
        """Return the first port of the stack that the running program belongs to; None where it does not run."""
        if self.running() is None:
            return None
        return int(json.loads(self._record.read_text()).get("port_base", self.layout.port_base))

    def running(self) -> psutil.Process | None:
        """Return the process that was started; its start time excludes a later process with the same number."""
        try:
            record = json.loads(self._record.read_text())
            process = psutil.Process(record["pid"])
            alive = process.status() != psutil.STATUS_ZOMBIE
            return process if alive and abs(process.create_time() - record["started"]) < 1 else None
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def stop(self) -> None:
        """End the program and every process it left in its session."""
        process = self.running()
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(self.stop_signal)
            deadline = monotonic() + PATIENCE
            while self.running() and monotonic() < deadline:
                with suppress(psutil.TimeoutExpired):
                    process.wait(0.02)  # a zombie whose parent has not reaped it would make a longer wait hang
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self._record.unlink(missing_ok=True)

    def wait_until(self, ready: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float = 60.0) -> None:
        """Return once `ready`, or refuse with the end of the log when the program ended or took too long."""
        deadline = monotonic() + seconds
        while not ready():
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
            if process.returncode is not None or monotonic() > deadline:
                tail = self.log.read_text(errors="replace")[-2000:]
                self.stop()
                raise Refused(f"{self.name} did not start. The end of {self.log}:\n{tail}")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def refuse_taken_ports(ports: Mapping[int, str], port_base: int) -> None:
    """Raise Refused that names each port of another program, and a way to use other ports."""
    taken = {port: purpose for port, purpose in ports.items() if not _free(port)}
    if taken:
        lines = [f"Port {port}, for {purpose}, is taken{_holder(port)}." for port, purpose in taken.items()]
        remedy = f"Stop that program, or use other ports: make PORT_BASE={port_base + 100} up"
        raise Refused("\n".join([*lines, remedy]))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.pid
            if listens and tuple(connection.laddr)[1:] == (port,):
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
