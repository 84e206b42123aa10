"""The loop of an agent that thinks: turns and tools are steps, and every bound is honest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import run_agent
from orchestrator.model.states import Status
from tests.support.documents import blocks, markdown_files
from tests.support.engine import Engine
from tests.support.models import ModelServer, Response

PRICES: Response = [("price", '{"city": "Bergen"}'), ("price", '{"city": "Oslo"}')]
CHARGE: Response = [("charge", '{"cents": 100}')]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(PRICES, CHARGE, "You have a seat to Bergen.").running() as running:
        yield running


def run(engine: Engine, server: ModelServer, **payload: Any) -> dict[str, Any]:
    task = engine.submit("test.thinking", {"url": server.url, **payload}, max_attempts=2)
    engine.run(task.id)
    return engine.row(task.id)


def test_the_model_calls_tools_until_it_answers(engine: Engine, server: ModelServer) -> None:
    row = run(engine, server)
    assert row["result"] == {"text": "You have a seat to Bergen.", "value": None, "tokens": 45}
    assert list(server.charges) == [f"{row['id']}:turn:2:tool:0:charge"]
    last = server.requests[-1]["messages"]
    assert [message["role"] for message in last] == ["system", "user", "assistant", "tool", "tool", "assistant", "tool"]
    assert [message["content"] for message in last if message["role"] == "tool"] == [
        '{"cents": 100}',
        '{"cents": 200}',
        '{"charged": 100}',
    ]


def test_each_request_has_its_own_key_and_the_secret_in_no_row(engine: Engine, server: ModelServer) -> None:
    row = run(engine, server)
    keys = [headers["Idempotency-Key"] for headers in server.headers]
    assert keys == [f"{row['id']}:turn:{number}" for number in (1, 2, 3)]
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer secret-key"}
    steps = engine.db.connection().execute("SELECT result::text AS text FROM agent_task_steps").fetchall()
    assert len(steps) == 6
    assert "secret-key" not in str(steps)


def test_a_busy_service_costs_no_attempt_and_no_turn_is_paid_twice(engine: Engine, server: ModelServer) -> None:
    task = engine.submit("test.thinking", {"url": server.url}, max_attempts=1)
    server.at = lambda moment: server.statuses.append((429, {"Retry-After": "7"})) if moment == "answered 0" else None
    engine.run(task.id)
    assert engine.task(task.id).status is Status.PENDING
    server.at = lambda _moment: None
    engine.move_clock(8)
    engine.run(task.id)
    assert engine.task(task.id).status is Status.COMPLETED
    assert len(server.requests) == 4


def test_a_failing_service_spends_an_attempt_and_names_no_address(engine: Engine, server: ModelServer) -> None:
    server.statuses = [(500, {})]
    row = run(engine, server)
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert row["error"]["message"] == "the model's service answered 500"


def test_a_mistake_of_the_model_goes_back_to_the_model(engine: Engine) -> None:
    script: list[Response] = [
        [("price", '{"city": "Atlantis"}')],
        [("price", '{"town": "Oslo"}')],
        [("price", "no json")],
        [("teleport", "{}")],
        "I give up.",
    ]
    with ModelServer(*script).running() as server:
        row = run(engine, server)
    assert row["result"]["text"] == "I give up."
    tools = [message["content"] for message in server.requests[-1]["messages"] if message["role"] == "tool"]
    assert tools[0] == "There is no such city."
    assert "town" in tools[1]
    assert tools[2:] == ["The arguments must be one JSON object.", "There is no tool 'teleport'."]


def test_a_structured_answer_is_validated(engine: Engine) -> None:
    script: list[Response] = ["Seat seven.", [("give_answer", '{"seat": "x"}')], [("give_answer", '{"seat": 7}')]]
    with ModelServer(*script).running() as server:
        row = run(engine, server, structured=True)
    assert row["result"]["value"] == {"seat": 7}
    assert "seat" in server.requests[-1]["messages"][-1]["content"]


@pytest.mark.parametrize(("bound", "code"), [({"turns": 2}, "turn_limit"), ({"tokens": 20}, "token_limit")])
def test_a_limit_ends_the_loop_for_good(engine: Engine, server: ModelServer, bound: dict[str, int], code: str) -> None:
    row = run(engine, server, **bound)
    assert (row["status"], row["error"]["code"]) == ("failed", code)
    assert len(server.requests) == 2


def test_an_agent_can_be_a_tool(engine: Engine) -> None:
    with ModelServer([("test_noop", "{}")], "Done.").running() as server:
        row = run(engine, server)
        assert row["status"] == "pending"
        engine.run(*[each["id"] for each in children(engine, row["id"])])
        engine.run(row["id"])
        assert engine.task(row["id"]).result["text"] == "Done."
        assert len(server.requests) == 2


def children(engine: Engine, parent: Any) -> list[dict[str, Any]]:
    return engine.db.connection().execute("SELECT id FROM agent_tasks WHERE parent_id = %s", (parent,)).fetchall()


def test_the_owner_reads_the_answer_while_it_grows(engine: Engine) -> None:
    with ModelServer([("price", '{"city": "Oslo"}')], "A seat to Oslo.").running() as model:
        model.at = lambda moment: model.statuses.append((500, {})) if moment == "answered 0" else None
        task = engine.submit("test.thinking", {"url": model.url, "stream": "answer"})
        engine.run(task.id)
        model.at = lambda _moment: None
        engine.move_clock(120)
        engine.run(task.id)
    (chunk,) = engine.db.connection().execute("SELECT generation, text, done FROM agent_task_chunks").fetchall()
    assert chunk == {"generation": 1, "text": "A seat to Oslo.", "done": True}
    assert engine.task(task.id).result["text"] == "A seat to Oslo."


def test_the_agent_of_the_documents(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """The documents' agent with two tools, with the addresses of a server of this test."""
    page = next(each for each in markdown_files() if each.name == "thinking-agents.md")
    (text,) = (block.text for block in blocks(page) if "@agent(" in block.text)
    assert len([line for line in text.splitlines() if line.strip()]) <= 32
    package = tmp_path / "documented_agents"
    package.mkdir()
    (package / "__init__.py").touch()
    script: list[Response] = [[("price", '{"city": "Bergen"}')], [("charge", '{"cents": 100}')], "A seat."]
    with ModelServer(*script).running() as server:
        text = text.replace("https://models.example/v1", server.url)
        text = text.replace("https://till.example/charges", f"{server.url}/charge")
        (package / "ticket_buy.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        done = run_agent(database_url, "ticket.buy", {"wish": "To Bergen"}, package="documented_agents")
    assert (done.status, done.result) == ("completed", {"answer": "A seat."})
    assert list(server.charges.values()) == [100]
