"""Cells: one engine and database for each group of owners, and the directory that assigns groups to cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator.store.owners import ANY_OWNER
from orchestrator.store.tasks import get_task
from tests.support.engine import Engine


class CellDown(Exception):
    """The cell of the owner's group does not answer."""


@dataclass(slots=True)
class Directory:
    """The cell of each group of owners; an assignment never changes."""

    cells: dict[str, Engine]
    down: set[str] = field(default_factory=set)
    assigned: dict[str, str] = field(default_factory=dict)

    def cell_of(self, group: str) -> str:
        """Return the group's cell; a new group is assigned to the cell with the fewest groups that answers."""
        if group not in self.assigned:
            groups = Counter(self.assigned.values())
            free = sorted(self.cells.keys() - self.down, key=lambda name: (groups[name], name))
            self.assigned[group] = free[0]
        return self.assigned[group]

    def engine_of(self, group: str) -> Engine:
        name = self.cell_of(group)
        if name in self.down:
            raise CellDown(name)
        return self.cells[name]

    def submit(self, owner: str, group: str) -> UUID:
        return self.engine_of(group).submit(owner=owner).id

    def holders(self, task_id: UUID) -> set[str]:
        """Return the cells whose database has the task."""
        return {name for name, cell in self.cells.items() if cell.db.run(get_task, ANY_OWNER, task_id) is not None}
