"""Tests of agents on a real database, without a queue, a clock or a sleep.

A database with the engine's schema, which is dropped after the test:

    with fresh_database("postgresql://postgres@localhost/postgres") as database_url:
        ...

One attempt of one task:

    done = run_agent(database_url, "person.greet", {"name": "Lina"}, package="my_app.agents")
    assert done.result == {"message": "Hello Lina"}

Whole runs, with retries, children, schedules and time:

    with durable(database_url, "my_app.agents") as engine:
        task = engine.submit("order.pay", {"amount": 7})
        engine.run_until_idle()
        assert task.status == "completed"

And the handler under every crash:

    with durable(database_url, "my_app.agents") as engine:
        engine.outside("my_app.agents.order_pay.charge", returns={"receipt": 1})
        engine.crash_everywhere("order.pay", {"amount": 7})
"""

from orchestrator.testing.crash import CrashFound, Finding
from orchestrator.testing.database import fresh_database
from orchestrator.testing.durable import DurableEngine, DurableTask, durable
from orchestrator.testing.outside import Outside, OutsideCall
from orchestrator.testing.single_attempt import Ran, run_agent

__all__ = [
    "CrashFound",
    "DurableEngine",
    "DurableTask",
    "Finding",
    "Outside",
    "OutsideCall",
    "Ran",
    "durable",
    "fresh_database",
    "run_agent",
]
