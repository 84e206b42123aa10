"""One real task, from a request to its result, watched over the WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from random import SystemRandom
from time import monotonic
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tools.local_stack.stack_config import Layout
from tools.progress import Refused, say

OVER = {"completed", "failed", "dead-letter", "cancelled"}

#: Seconds the whole demonstration may take; its first call meets cold functions.
PATIENCE = 60.0


def demonstrate(layout: Layout) -> None:
    try:
        asyncio.run(asyncio.wait_for(_demonstrate(layout.read_stack()), PATIENCE))
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        raise Refused(
            f"The demo met no working stack ({error!r}). Logs: {layout.logs}. Start anew: make down up"
        ) from error


async def _demonstrate(stack: Mapping[str, Any]) -> None:
    if not stack["users"]:
        raise Refused("The demo needs the users of the playdate application.")
    user = stack["users"][0]
    async with httpx.AsyncClient(base_url=stack["api_url"], timeout=PATIENCE) as http:
        login = await _post(http, "/auth/login", {"identifier": user["name"], "password": user["password"]})
        http.headers["Authorization"] = f"Bearer {login['accessToken']}"
        say(f"  {user['name']} has logged in")
        ticket = await _post(http, "/api/realtime/ticket", {})
        async with connect(ticket["url"]) as socket:
            await socket.send(json.dumps({"action": "subscribe"}))
            updates = _updates(socket)
            say("  watching over the WebSocket")
            await _drive(http, updates, {"type": "echo", "payload": {"hello": "world"}})
            say("  and now that every function is warm:")
            await _drive(http, updates, _order())


async def _drive(http: httpx.AsyncClient, updates: AsyncIterator[dict[str, Any]], order: Mapping[str, Any]) -> None:
    """Submit one task and show the frames of its watcher, until it is over."""
    began = monotonic()
    accepted = await _post(http, "/api/tasks", order)
    say(f"  submitted {accepted['id']}: {accepted['status']}")
    async for task in updates:
        if task["id"] == accepted["id"]:
            say(f"  {(monotonic() - began) * 1000:6.0f} ms  {_line(task)}")
            if task["status"] in OVER:
                say(_outcome(task))
                return


def _order() -> dict[str, Any]:
    """Return a playdate point somewhere in the Jardin du Luxembourg."""
    latitude, longitude = (round(edge + SystemRandom().random() / 1000, 5) for edge in (48.846, 2.336))
    return {"type": "location.playdate.update", "payload": {"latitude": latitude, "longitude": longitude}}


async def _post(http: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    if answer.is_error:
        raise Refused(f"POST {path} answered {answer.status_code}: {answer.text[:500]}")
    parsed: dict[str, Any] = answer.json()
    return parsed


async def _updates(socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    async for frame in socket:
        message = json.loads(frame)
        if message["type"] == "task-update":
            yield message["task"]


def _outcome(task: Mapping[str, Any]) -> str:
    """Return the messages of the result; all of it is at GET /api/tasks/{id}."""
    result = task.get("result") or {"error": task.get("error")}
    insight, plan = result.get("localInsight") or {}, result.get("availabilityPlan") or {}
    messages = [result.get("message") or result.get("error"), insight.get("headline"), plan.get("message")]
    return "\n".join(f"    {each}" for each in messages if each)


def _line(task: Mapping[str, Any]) -> str:
    progress = task.get("progress") or {}
    percent = f" {progress['percent']} %" if progress.get("percent") is not None else ""
    note = f"  {progress['message']}{percent}" if progress.get("message") else ""
    return f"{task['type']}  {task['status']}{note}"
