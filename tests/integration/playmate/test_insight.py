"""The local insight agent: its steps, its sources being away, and the language model at its side."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestrator.aws import clients
from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.sources import narrative, nearby
from tests.integration.playmate.conftest import PARIS, MakeFamily

Run = Callable[..., Ran]
POINT = {"latitude": PARIS.latitude, "longitude": PARIS.longitude}
SUMMARY = (
    "Children playing chess should begin with pawns alone, one piece more in each game, "
    "with a kitchen timer that ends games while they are still fun."
)


class Cloud:
    """Simulate AWS: Bedrock returns a set text, Amazon Location returns a park; either may hang or fail."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.summary = SUMMARY
        self.hang = threading.Event()
        self.hangs: set[str] = set()
        #: Called while a service is asked.
        self.before_answer: Callable[[], object] = lambda: None

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append((service, parameters))
        self.before_answer()
        if service in self.hangs:
            self.hang.wait(30)
        if service == "geo-places":
            return {"ResultItems": [{"Title": "Jardin du Test", "Distance": 300, "Categories": [{"Name": "Park"}]}]}
        return {"stream": self._stream()}

    def _stream(self) -> Iterator[dict[str, Any]]:
        for start in range(0, len(self.summary), 25):
            yield {"contentBlockDelta": {"delta": {"text": self.summary[start : start + 25]}}}
        yield {"messageStop": {"stopReason": "end_turn"}}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    played = Cloud()
    monkeypatch.setattr(clients, "call", played)
    nearby.amazon_source.cache_clear()
    yield played
    played.hang.set()
    nearby.amazon_source.cache_clear()


def insight(done: Ran) -> dict[str, Any]:
    assert done.status == "completed", done.error
    content: dict[str, Any] = done.result["localInsight"]
    return content


def test_every_action_has_its_source(conn: Connection, family: MakeFamily, run: Run) -> None:
    done = run("location.playdate.update", POINT, owner=family("Amira", [("Lina", 6, "chess")]))
    content = insight(done)
    slugs = {row["slug"] for row in conn.execute("SELECT slug FROM knowledge_documents").fetchall()}
    assert 2 <= len(content["actions"]) <= 5
    for action in content["actions"]:
        assert set(action) == {"label", "description", "source"}
        assert action["source"]["slug"] in slugs | {"places"}
    assert any("chess" in action["label"].lower() for action in content["actions"])
    assert content["missing"] == []
    steps = conn.execute("SELECT name FROM agent_task_steps ORDER BY name").fetchall()
    assert [row["name"] for row in steps] == ["insight.locate", "insight.places", "insight.retrieve"]
    assert done.progress == ("Looking at your new place", "Choosing ideas for your family")


def test_nothing_outside_is_asked_unless_switched_on(cloud: Cloud, family: MakeFamily, run: Run) -> None:
    insight(run("location.playdate.update", POINT, owner=family("Amira", [("Lina", 6, "chess")])))
    assert cloud.asked == []


def test_amazon_location_adds_real_venues(cloud: Cloud, family: MakeFamily, run: Run) -> None:
    owner = family("Amira", [("Lina", 6, "football")])
    content = insight(run("location.playdate.update", POINT, owner=owner, flags={"amazon_places": True}))
    assert content["actions"][-1]["description"].startswith("Jardin du Test (300 m)")
    assert content["actions"][-1]["source"]["title"] == "Amazon Location"


def test_a_source_that_hangs_is_named_and_the_task_completes(
    cloud: Cloud, family: MakeFamily, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.hangs = {"geo-places"}
    nearby.amazon_source().timeout = 0.05
    owner = family("Amira", [("Lina", 6, "football")])
    content = insight(run("location.playdate.update", POINT, owner=owner, flags={"amazon_places": True}))
    assert content["missing"] == ["Amazon Location did not answer."]
    assert "Amazon Location did not answer." in content["summary"]
    assert content["actions"][-1]["source"]["title"] == "knowledge base"


def test_the_models_summary_is_streamed_and_used(cloud: Cloud, family: MakeFamily, run: Run) -> None:
    owner = family("Amira", [("Lina", 6, "chess")])
    done = run("location.playdate.update", POINT, owner=owner, flags={"insight_narrative": True})
    content = insight(done)
    assert (content["summary"], content["narrated"]) == (SUMMARY, True)
    assert "Writing a summary" in done.progress


def test_the_prompt_names_no_child_and_no_address(cloud: Cloud, family: MakeFamily, run: Run) -> None:
    owner = family("Quillfeather", [("Xanthippe", 6, "Xanthippe's chess with Yggdrasil")])
    run("location.playdate.update", POINT, owner=owner, flags={"insight_narrative": True})
    sent = json.dumps([parameters for service, parameters in cloud.asked if service == "bedrock-runtime"])
    assert "chess" in sent.lower()
    for secret in ("Quillfeather", "Xanthippe", "Yggdrasil", "48.8", "2.35", "Paris"):
        assert secret.lower() not in sent.lower()
    assert cloud.asked[0][1]["inferenceConfig"]["maxTokens"] <= 300


@pytest.mark.parametrize("summary", ["I cannot help with this request, because I am a model.", "", "word " * 2_000])
def test_the_composed_text_stands_when_the_model_is_no_use(
    cloud: Cloud, family: MakeFamily, run: Run, summary: str
) -> None:
    cloud.summary = summary
    owner = family("Amira", [("Lina", 6, "chess")])
    content = insight(run("location.playdate.update", POINT, owner=owner, flags={"insight_narrative": True}))
    assert content["narrated"] is False
    assert "Best fit now" in content["summary"]


def test_a_model_that_hangs_costs_its_budget_and_no_more(
    cloud: Cloud, family: MakeFamily, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrative, "DEADLINE", 0.05)
    cloud.hangs = {"bedrock-runtime"}
    owner = family("Amira", [("Lina", 6, "chess")])
    content = insight(run("location.playdate.update", POINT, owner=owner, flags={"insight_narrative": True}))
    assert content["narrated"] is False


def test_no_transaction_is_open_while_a_source_is_asked(
    conn: Connection, cloud: Cloud, family: MakeFamily, run: Run
) -> None:
    """The agent's owner, and the batch of its worker, would wait for it."""
    owner, seen = family("Amira", [("Lina", 6, "chess")]), list[list[dict[str, Any]]]()
    cloud.before_answer = lambda: seen.append(
        conn.execute(
            "SELECT state, query FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        ).fetchall()
    )
    run("location.playdate.update", POINT, owner=owner, flags={"amazon_places": True, "insight_narrative": True})
    assert {service for service, _ in cloud.asked} == {"geo-places", "bedrock-runtime"}
    assert seen == [[], []]


def test_an_empty_knowledge_base_says_so(conn: Connection, family: MakeFamily, run: Run) -> None:
    conn.execute("DELETE FROM knowledge_documents")
    content = insight(run("location.playdate.update", POINT, owner=family("Amira")))
    assert "nothing that fits" in content["summary"]
