"""CloudFormation stacks as they are, brought to a state that takes a deploy, and waited for with progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tools.progress import Refused, say

#: Seconds between two requests for a stack's status.
INTERVAL = 5.0
#: Of a first deploy that failed: nothing of it can be updated.
FAILED_AT_BIRTH = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"}
#: Custom resources that an update rollback may leave undone: migrations that have run are not taken back anyhow.
SKIPPED = ("MigrateBefore", "MigrateAfter")

Pause = Callable[[float], object]


def describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """Return the stack; None where there is none."""
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def settle(cloudformation: Any, stack: str, pause: Pause = time.sleep) -> bool:
    """Bring the stack to where it can be deployed, after any failure; return whether there is one.

    The rest of a failed first deploy is deleted; a failed rollback of an update is continued.
    """
    status = wait(cloudformation, stack, pause)
    if status is None:
        return False
    if status == "UPDATE_ROLLBACK_FAILED":
        say("  The last update could not be taken back; continuing without its migrations")
        cloudformation.continue_update_rollback(StackName=stack, ResourcesToSkip=_skippable(cloudformation, stack))
        status = wait(cloudformation, stack, pause)
        if status == "UPDATE_ROLLBACK_FAILED":
            raise Refused(f"{stack} is still {status}: its events in CloudFormation's console say why")
    if status in FAILED_AT_BIRTH:
        say(f"  {stack} is {status}: its first deploy failed, so what is left of it is deleted")
        delete(cloudformation, stack, pause)
        return False
    return True


def delete(cloudformation: Any, stack: str, pause: Pause = time.sleep) -> None:
    """Delete the stack and wait. Raise Refused with the reasons where something of it cannot be deleted."""
    cloudformation.delete_stack(StackName=stack)
    status = wait(cloudformation, stack, pause)
    if status is not None:
        raise Refused("\n".join([f"{stack} is {status}, not deleted:", *failures(cloudformation, stack)]))


def wait(cloudformation: Any, stack: str, pause: Pause = time.sleep) -> str | None:
    """Wait until nothing is in progress; return the status, None where there is no stack."""
    shown = ""
    while (found := describe(cloudformation, stack)) is not None:
        status = str(found["StackStatus"])
        if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            return status
        if status != shown:
            say(f"  {stack}: {status}")
            shown = status
        pause(INTERVAL)
    return None


def failures(cloudformation: Any, stack: str) -> list[str]:
    """Return the newest failed events, with their reasons."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [one for one in events if one["ResourceStatus"].endswith("_FAILED")]
    return [f"  {one['LogicalResourceId']}: {one.get('ResourceStatusReason', '')}" for one in failed[:10]]


def outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    found = describe(cloudformation, stack)
    if found is None:
        raise Refused(f"There is no stack {stack}")
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def _skippable(cloudformation: Any, stack: str) -> list[str]:
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return [
        one["LogicalResourceId"]
        for one in resources
        if one["LogicalResourceId"] in SKIPPED and one["ResourceStatus"] == "UPDATE_FAILED"
    ]
