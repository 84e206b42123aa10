"""Owners stay in their cell while cells are added, fail and return."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest

from orchestrator.model.states import FINAL
from tests.simulation.cells import CellDown, Directory
from tests.support import postgres
from tests.support.engine import Engine
from tools.local_stack.stack_config import Layout

#: Families, each with two owners, who are friends: a group.
GROUPS = [f"family-{number}" for number in range(12)]
ROUNDS = 60


@pytest.fixture
def engines(postgres_server: Layout) -> Iterator[list[Engine]]:
    """Three cells: an engine and a database each."""
    with ExitStack() as stack:
        made = [Engine(stack.enter_context(postgres.fresh_database(postgres_server)), seed=seed) for seed in range(3)]
        for each in made:
            stack.callback(each.close)
        yield made


def run_everything(directory: Directory) -> None:
    for name, cell in directory.cells.items():
        if name not in directory.down:
            cell.run(*[sent.task_id for sent in cell.queue.sent])
            cell.queue.sent.clear()


def test_owners_stay_in_their_cell(engines: list[Engine]) -> None:
    rng = random.Random(16)
    directory = Directory({"a": engines[0], "b": engines[1]})
    submitted: dict[UUID, str] = {}
    refused: set[str] = set()
    first_seen: dict[str, str] = {}
    for number in range(ROUNDS):
        directory.down = {"a"} if 20 <= number < 35 else set()
        if number == 40:
            directory.cells["c"] = engines[2]
        group = rng.choice(GROUPS[:8] if number < 40 else GROUPS)
        try:
            submitted[directory.submit(f"{group}/{rng.choice(('one', 'other'))}", group)] = group
        except CellDown:
            refused.add(group)
        first_seen.setdefault(group, directory.assigned[group])
        run_everything(directory)
    assert directory.assigned == first_seen, "an assignment never changes"
    assert set(directory.assigned.values()) == {"a", "b", "c"}, "the new cell takes new groups"
    assert {directory.assigned[group] for group in refused} == {"a"}, "a cell that fails stops its own owners only"
    for task_id, group in submitted.items():
        assert directory.holders(task_id) == {directory.assigned[group]}
        assert directory.cells[directory.assigned[group]].task(task_id).status in FINAL


def test_a_new_group_avoids_a_cell_that_fails(engines: list[Engine]) -> None:
    directory = Directory({"a": engines[0], "b": engines[1]}, down={"a"})
    assert {directory.cell_of(group) for group in GROUPS} == {"b"}
    directory.down.clear()
    assert directory.cell_of("family-new") == "a"


def test_an_owner_of_another_cell_is_unknown_there(engines: list[Engine]) -> None:
    """A request that reaches the wrong cell finds nothing: the owner's tasks are in one database."""
    directory = Directory({"a": engines[0], "b": engines[1]})
    task_id = directory.submit("family-0/one", "family-0")
    other = next(name for name in directory.cells if name != directory.cell_of("family-0"))
    assert directory.holders(task_id) == {directory.cell_of("family-0")}
    assert other not in directory.holders(task_id)
