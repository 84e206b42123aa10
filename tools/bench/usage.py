"""Processor time of a server and of the processes that measure it, from /proc."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds so far: of the children of this process that have ended, of a server, of the whole machine."""

    clients: float
    server: float
    machine: float
    at: float

    @classmethod
    def now(cls, server: int | None) -> Usage:
        """`server` is the process id of the postmaster (or of Redis)."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = resource.getrusage(resource.RUSAGE_SELF)
        clients = children.ru_utime + children.ru_stime + own.ru_utime + own.ru_stime
        return cls(clients, _tree(server) if server else 0.0, _machine(), time.monotonic())

    def foreign_since(self, before: Usage) -> float:
        """Return the share of the machine that processes took which are neither client nor server."""
        took = self.machine - before.machine - (self.clients - before.clients) - (self.server - before.server)
        return max(0.0, took) / ((self.at - before.at) * (os.cpu_count() or 1))


def _tree(root: int) -> float:
    """Return the usage of a process, its children and those of its children that have ended."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rsplit(") ", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(folder.name) == root:
            total += sum(int(each) for each in fields[11:15])
        elif int(fields[1]) == root:
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _machine() -> float:
    """Busy time of all processors."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, soft, *_ = (int(each) for each in file.readline().split()[1:])
    return (user + nice + system + irq + soft) / _TICKS
