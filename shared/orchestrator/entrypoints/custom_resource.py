"""CloudFormation's custom resources: do the work, then say how it went; a failure stops the deploy.

Imports nothing but the standard library at its start, so that it can answer where nothing else can be imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from orchestrator.web_request import send

#: Seconds CloudFormation's bucket may take for the answer.
PATIENCE = 10
#: Characters of a failure's reason that CloudFormation shows.
LONGEST_REASON = 500


def is_custom_resource(event: Mapping[str, Any]) -> bool:
    return "ResponseURL" in event and "RequestType" in event


def respond(event: Mapping[str, Any], work: Callable[[Mapping[str, Any]], object]) -> None:
    """Runs `work` with the resource's properties, unless the resource is being deleted, and answers CloudFormation."""
    status, reason = "SUCCESS", ""
    if event["RequestType"] != "Delete":
        try:
            work(event["ResourceProperties"])
        except Exception as error:
            _log(error)
            first, _, _ = str(error).partition("\n")  # Postgres quotes rows in those that follow
            status, reason = "FAILED", f"{type(error).__name__}: {first}"[:LONGEST_REASON]
    answer = {
        "Status": status,
        "Reason": reason or "done",
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    send("PUT", event["ResponseURL"], json.dumps(answer).encode(), seconds=PATIENCE)


def _log(error: Exception) -> None:
    with suppress(Exception):  # one of these imports may have failed
        from orchestrator.observability import logger
        from orchestrator.observability.error_summary import fingerprint

        logger.exception("custom resource failed", fingerprint=fingerprint(error))
