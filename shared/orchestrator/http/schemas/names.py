"""The schema modules, named without importing them: a cold start does not import pydantic.

`responses.TaskView` is a `Schema` at run time, and the class itself for a type checker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.http.schemas import (
        budgets,
        operator_responses,
        requests,
        responses,
        runs,
        schedules,
        statistics_responses,
    )
else:
    from orchestrator.http.operation import SchemaModule

    budgets = SchemaModule("orchestrator.http.schemas.budgets")
    operator_responses = SchemaModule("orchestrator.http.schemas.operator_responses")
    requests = SchemaModule("orchestrator.http.schemas.requests")
    responses = SchemaModule("orchestrator.http.schemas.responses")
    runs = SchemaModule("orchestrator.http.schemas.runs")
    schedules = SchemaModule("orchestrator.http.schemas.schedules")
    statistics_responses = SchemaModule("orchestrator.http.schemas.statistics_responses")

__all__ = ["budgets", "operator_responses", "requests", "responses", "runs", "schedules", "statistics_responses"]
