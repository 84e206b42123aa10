"""Cause the incidents of the runbooks. Each yields the reader's values and checks the end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
import psutil
import psycopg

from tests.browser import dead_letters
from tests.e2e.runbooks import filled
from tests.support.stack import Stack

NAMES = ("Amira", "Bruno", "Chloe")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the reader of a page is."""

    values: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None

    def fill(self, command: str) -> str:
        return filled(command, self.values)


@dataclass(frozen=True, slots=True)
class Lab:
    """A running stack, a family on it, and the database below."""

    stack: Stack
    family: httpx.Client
    operator: httpx.Client
    sql: psycopg.Connection[Any]

    @classmethod
    @contextmanager
    def of(cls, stack: Stack) -> Iterator[Lab]:
        with ExitStack() as open_until:
            family = open_until.enter_context(stack.client())
            operator = open_until.enter_context(stack.client())
            name = f"guest-{uuid4().hex[:12]}"
            signed = family.post(
                "/auth/signup", json={"name": name, "email": f"{name}@example.com", "password": uuid4().hex}
            )
            _enter(family, signed)
            known = next(user for user in stack.said["users"] if user["role"] == "operator")
            sign_in = {"identifier": known["name"], "password": known["password"]}
            _enter(operator, operator.post("/auth/login", json=sign_in))
            sql = open_until.enter_context(psycopg.connect(stack.said["database_url"], autocommit=True))
            yield cls(stack, family, operator, sql)

    @property
    def shell(self) -> Path:
        return self.stack.file.parent / "aws.env"

    def environment(self, home: Path) -> dict[str, str]:
        """A shell's, without the variables of the tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORCHESTRATOR_"))}
        return {**kept, "HOME": str(home), "COLUMNS": "200"}

    @contextmanager
    def after(self, situation: Callable[[Lab], Iterator[Situation]]) -> Iterator[Situation]:
        with contextmanager(situation)(self) as situation_:
            yield situation_

    def a_quiet_day(self) -> Iterator[Situation]:
        yield Situation()

    def README(self) -> Iterator[Situation]:  # noqa: N802 - the page's name
        task = self.over(self.submit("echo", {}))
        yield Situation({"ID": task["id"], "TRACE": task["traceId"]})

    def api_errors(self) -> Iterator[Situation]:
        with self.without_friends():
            assert self.family.get("/api/friends/confirmed").status_code == 500
        yield Situation()

    def api_slow(self) -> Iterator[Situation]:
        with self.locked_friends() as locked:
            asked = threading.Thread(target=lambda: self.family.get("/api/friends/confirmed"))
            asked.start()
            self.until_somebody_waits()
            self.sql.execute("SELECT pg_sleep(1.2)")
            locked.rollback()
            asked.join()
        yield Situation()

    def database(self) -> Iterator[Situation]:
        """One session locks a table and does nothing, another waits for it."""
        locking, waiting = (psycopg.connect(self.stack.said["database_url"]) for _ in range(2))
        locking.execute("LOCK TABLE knowledge_documents")
        waiting.pgconn.send_query(b"SELECT FROM knowledge_documents")
        self.until_somebody_waits()
        yield Situation({"STATEMENT": str(waiting.info.backend_pid), "SESSION": str(locking.info.backend_pid)})
        for session in (locking, waiting):
            session.close()

    def dead_letters(self) -> Iterator[Situation]:
        ids, fingerprint = self.make_three_dead_letters()
        dead_letters.insert(self.stack.said["database_url"], dead_letters.HOPELESS)

        def check() -> None:
            self.ended_well(ids)
            groups = self.operator.get("/ops/dead-letters").json()["groups"]
            assert {group["fingerprint"] for group in groups} & {
                fingerprint,
                dead_letters.HOPELESS.error["fingerprint"],
            } == set()

        values = {"FINGERPRINT": fingerprint, "HOPELESS": str(dead_letters.HOPELESS.error["fingerprint"]), "ID": ids[0]}
        yield Situation(values, check)

    def failures(self) -> Iterator[Situation]:
        ids, fingerprint = self.make_three_dead_letters()

        def check() -> None:
            self.ended_well(ids)

        yield Situation({"ID": ids[0], "TYPE": "friend.delete", "FINGERPRINT": fingerprint}, check)

    def deploy(self) -> Iterator[Situation]:
        ids, _ = self.make_three_dead_letters()
        worker = self.resource("WorkerFunction")
        now = self.aws("lambda").get_alias(FunctionName=worker, Name="live")["FunctionVersion"]

        def check() -> None:
            self.ended_well(ids)

        yield Situation({"TYPE": "friend.delete", "VERSION": now, "PREVIOUS": now}, check)

    def leases(self) -> Iterator[Situation]:
        with self.locked_friends() as locked:
            id = self.submit("friend.ask", {"friendName": "Diego"}, attempts=1)
            self.until_started(id)  # an earlier task may wait already, and the attempt to be lost is this one's
            self.until_somebody_waits()
            self.kill_workers()
            locked.rollback()
        self.sql.execute(  # alone: only an isolated loss is spent, and another message may have come with it
            "UPDATE agent_tasks SET leased_until = now(), wake_at = now(), alone = true WHERE id = %s",
            (id,),
        )
        self.aws("lambda").invoke(FunctionName=self.resource("SweeperFunction"))

        def check() -> None:
            assert self.over(id)["status"] == "completed"

        yield Situation({"ID": id, "TYPE": "friend.delete"}, check)

    def secrets(self) -> Iterator[Situation]:
        """The page rotates before it goes back, so the present key is read at that moment."""

        def version(stage: str) -> str:
            newest = f"Versions[?contains(VersionStages, '{stage}')].VersionId"
            return f'$(aws secretsmanager list-secret-version-ids --secret-id "$JWT" --query "{newest}" --output text)'

        def check() -> None:
            assert self.sql.execute("DELETE FROM revocation").rowcount == 1  # and others have tickets again

        yield Situation({"CURRENT": version("AWSCURRENT"), "PREVIOUS": version("AWSPREVIOUS")}, check)

    def waiting(self) -> Iterator[Situation]:
        client = self.aws("lambda")
        worker = self.resource("WorkerFunction")
        (mapping,) = client.list_event_source_mappings(FunctionName=f"{worker}:live")["EventSourceMappings"]
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        id = self.submit("echo", {})
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        wrong = self.submit("friend.ask", {"friendName": NAMES[0]}, scheduleAt=tomorrow.isoformat())

        def check() -> None:
            assert self.over(id)["status"] == "completed"
            assert self.over(wrong)["status"] == "cancelled"

        yield Situation({"ID": id, "MAPPING": mapping["UUID"], "TYPE": "friend.ask"}, check)

    def submit(self, type: str, payload: dict[str, Any], *, attempts: int = 3, **order: str) -> str:
        body = {"type": type, "payload": payload, "maxAttempts": attempts, **order}
        answer = self.family.post("/api/tasks", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def until_started(self, id: str) -> None:
        """Return once the handler of the task has begun. Each check is a request, so this is no busy loop."""
        for _ in range(1_500):
            items = self.family.get(f"/api/tasks/{id}/events").json()["items"]
            if any(event["kind"] == "started" for event in items):
                return
        raise AssertionError(f"{id} does not start")

    def over(self, id: str) -> dict[str, Any]:
        """Return the task once it is over. Each check is a request, so this is no busy loop."""
        for _ in range(1_500):
            task: dict[str, Any] = self.family.get(f"/api/tasks/{id}").json()
            if task["status"] not in ("pending", "processing"):
                return task
        raise AssertionError(f"{id} is still {task['status']}")

    def ended_well(self, ids: Sequence[str]) -> None:
        ended = [self.over(id) for id in ids]
        assert {task["status"] for task in ended} <= {"completed", "failed"}, ended

    def make_three_dead_letters(self) -> tuple[list[str], str]:
        """Make tasks dead letters by a table that was away for a while."""
        with self.without_friends():
            ids = [self.submit("friend.ask", {"friendName": name}, attempts=1) for name in NAMES]
            assert {self.over(id)["status"] for id in ids} == {"dead-letter"}
        errors = [self.operator.get(f"/ops/tasks/{id}").json()["errorDetail"] for id in ids]
        assert len({error["fingerprint"] for error in errors}) == 1, errors
        return ids, str(errors[0]["fingerprint"])

    @contextmanager
    def without_friends(self) -> Iterator[None]:
        self.sql.execute("ALTER TABLE friend_links RENAME TO friend_links_away")
        try:
            yield
        finally:
            self.sql.execute("ALTER TABLE friend_links_away RENAME TO friend_links")

    @contextmanager
    def locked_friends(self) -> Iterator[psycopg.Connection[Any]]:
        """A session that nobody's question of friends gets past."""
        with psycopg.connect(self.stack.said["database_url"]) as session:
            session.execute("LOCK TABLE friend_links")
            yield session
            session.close()

    def until_somebody_waits(self) -> int:
        """The session that a lock keeps waiting."""
        for _ in range(5_000):
            row = self.sql.execute("SELECT pid FROM pg_locks WHERE NOT granted").fetchone()
            if row is not None:
                return int(row[0])
        raise AssertionError("nobody waits for a lock")

    def kill_workers(self) -> None:
        """As memory that has run out does: at once, without a word."""
        name = self.resource("WorkerFunction")
        here = str(self.stack.said["aws_endpoint_url"])
        for process in psutil.process_iter():
            try:
                environment = process.environ()
            except psutil.Error:
                continue
            if environment.get("AWS_LAMBDA_FUNCTION_NAME") == name and environment.get("AWS_ENDPOINT_URL") == here:
                process.kill()

    def resource(self, logical: str) -> str:
        detail = self.aws("cloudformation").describe_stack_resource(
            StackName=self.stack.said["stack_name"], LogicalResourceId=logical
        )["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload] # any service: the stubs know those installed
            endpoint_url=self.stack.said["aws_endpoint_url"],
            region_name=self.stack.said["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def _enter(client: httpx.Client, signed: httpx.Response) -> None:
    assert signed.status_code in (200, 201), signed.text
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {signed.json()['accessToken']}"
