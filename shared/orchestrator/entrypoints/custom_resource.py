"""CloudFormation's custom resources: do the work, then say how it went; a failure stops the deploy.

Imports nothing but the standard library at its start, so that it can answer where nothing else can be imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypedDict, cast

from orchestrator.web_request import send

#: Seconds CloudFormation's bucket may take for the answer.
PATIENCE = 10
#: Characters of a failure's reason that CloudFormation shows.
LONGEST_REASON = 500


class _Request(TypedDict, total=False):
    """The event of a custom resource; `PhysicalResourceId` comes with an update and a delete."""

    RequestType: str
    ResponseURL: str
    StackId: str
    RequestId: str
    LogicalResourceId: str
    PhysicalResourceId: str
    ResourceProperties: Mapping[str, object]


def is_custom_resource(event: Mapping[str, object]) -> bool:
    return "ResponseURL" in event and "RequestType" in event


def respond(event: Mapping[str, object], work: Callable[[Mapping[str, object]], object]) -> None:
    """Run `work` with the resource's properties, unless the resource is being deleted, and answer CloudFormation."""
    request, status, reason = cast("_Request", event), "SUCCESS", ""
    if request["RequestType"] != "Delete":
        try:
            work(request["ResourceProperties"])
        except Exception as error:
            _log(error)
            first, _, _ = str(error).partition("\n")  # Postgres quotes rows in those that follow
            status, reason = "FAILED", f"{type(error).__name__}: {first}"[:LONGEST_REASON]
    answer = {
        "Status": status,
        "Reason": reason or "done",
        "PhysicalResourceId": request.get("PhysicalResourceId") or request["LogicalResourceId"],
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": request["LogicalResourceId"],
    }
    send("PUT", request["ResponseURL"], json.dumps(answer).encode(), seconds=PATIENCE)


def _log(error: Exception) -> None:
    with suppress(Exception):  # one of these imports may have failed
        from orchestrator.observability import logger
        from orchestrator.observability.error_summary import fingerprint

        logger.exception("custom resource failed", fingerprint=fingerprint(error))
