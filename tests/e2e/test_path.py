"""A task from its submit over HTTP to its result over the WebSocket, on the deployed template."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.watcher import watching
from tests.support.stack import Stack


def test_health_is_open(stack: Stack) -> None:
    with stack.client() as anonymous:
        answer = anonymous.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_a_task_is_watched_from_submit_to_result(amira: httpx.Client) -> None:
    with watching(amira) as watcher:
        watcher.subscribe()
        submitted = amira.post("/api/tasks", json={"type": "echo", "payload": {"hello": "world"}})
        assert submitted.status_code == 202
        assert submitted.json()["status"] == "pending"
        task = watcher.until_over(submitted.json()["id"])
    assert task["status"] == "completed"
    assert task["result"]["received"] == {"hello": "world"}
    seqs = [one["task"]["seq"] for one in watcher.updates if one["task"]["id"] == task["id"]]
    assert seqs == sorted(seqs)


def test_the_result_is_read_over_http_too(amira: httpx.Client) -> None:
    with watching(amira) as watcher:
        watcher.subscribe()
        task_id = amira.post("/api/tasks", json={"type": "echo", "payload": {}}).json()["id"]
        watcher.until_over(task_id)
    read = amira.get(f"/api/tasks/{task_id}").json()
    assert (read["id"], read["type"], read["status"]) == (task_id, "echo", "completed")
    assert task_id in [one["id"] for one in amira.get("/api/tasks", params={"type": "echo"}).json()["items"]]
    assert [one["seq"] for one in amira.get(f"/api/tasks/{task_id}/events").json()["items"]] == [1, 2, 3]


def test_a_playdate_point_moves(newcomer: httpx.Client) -> None:
    with watching(newcomer) as watcher:
        watcher.subscribe()
        body = {"playdate_latit": 48.84627, "playdate_longi": 2.33717}
        accepted = newcomer.post("/api/playdate-point/coordinates", json=body)
        assert accepted.status_code == 202
        assert watcher.until_over(accepted.json()["taskId"])["status"] == "completed"
    assert newcomer.get("/api/playdate-point/coordinates").json() == body


def test_asking_for_a_friendship_shows_on_both_sides(newcomer: httpx.Client, diego: httpx.Client) -> None:
    with watching(newcomer) as watcher:
        watcher.subscribe()
        accepted = newcomer.post("/api/friends/ask", json={"friendname": "Diego"})
        assert accepted.status_code == 202
        result = watcher.until_over(accepted.json()["taskId"])
    assert result["status"] == "completed"
    assert [friend["name"] for friend in newcomer.get("/api/friends/pending").json()] == ["Diego"]
    assert newcomer.get("/api/friends/confirmed").json() == []
    asking = [friend["name"] for friend in diego.get("/api/friends/askingforme").json()]
    assert len(asking) >= 1


def test_a_refusal_ends_the_task_with_its_message_and_no_retry(newcomer: httpx.Client) -> None:
    with watching(newcomer) as watcher:
        watcher.subscribe()
        accepted = newcomer.post("/api/friends/ask", json={"friendname": "nobody-of-this-name"})
        task = watcher.until_over(accepted.json()["taskId"])
    assert task["status"] == "failed"
    assert task["attempts"] == 1
    assert task["error"]


def test_demonstration_friends_are_there(amira: httpx.Client) -> None:
    assert "Bruno" in [friend["name"] for friend in amira.get("/api/friends/confirmed").json()]


def test_a_later_watcher_catches_up_from_its_cursor(amira: httpx.Client) -> None:
    with watching(amira) as first:
        cursor = first.subscribe()
    with watching(amira) as meanwhile:
        meanwhile.subscribe()
        task_id = amira.post("/api/tasks", json={"type": "echo", "payload": {}}).json()["id"]
        meanwhile.until_over(task_id)
    with watching(amira) as later:
        later.subscribe(cursor=cursor)
        assert later.until_over(task_id)["status"] == "completed"


def test_ping_returns_the_tail(amira: httpx.Client) -> None:
    with watching(amira) as watcher:
        watcher.send({"action": "ping"})
        assert "cursor" in watcher.receive("pong")


def test_unknown_frames_are_answered_not_dropped(amira: httpx.Client) -> None:
    with watching(amira) as watcher:
        watcher.send({"action": "dance"})
        assert watcher.receive("error")["message"]


def test_a_ticket_opens_one_connection(amira: httpx.Client) -> None:
    url = amira.post("/api/realtime/ticket").json()["url"]
    with connect(url, open_timeout=30), pytest.raises(InvalidStatus):
        connect(url, open_timeout=30)


def test_a_made_up_ticket_opens_none(stack: Stack) -> None:
    with pytest.raises(InvalidStatus):
        connect(f"{stack.said['websocket_url']}?ticket=made-up", open_timeout=30)


def test_stack_file_names_a_reachable_database(stack: Stack) -> None:
    with psycopg.connect(stack.said["database_url"]) as connection:
        row = connection.execute("SELECT count(*) FROM agent_tasks").fetchone()
    assert row is not None
