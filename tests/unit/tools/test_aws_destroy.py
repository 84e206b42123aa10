"""`make destroy`: the order in which it deletes, and the snapshot that it keeps."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError

from tests.support.aws_account import Account, environment
from tools.aws_deploy import destroy, pages, stacks
from tools.progress import Refused


def test_destroy_wants_the_name_of_the_stack() -> None:
    destroy.confirm(environment(), "agent-orchestrator-staging")
    with pytest.raises(Refused, match="nothing was deleted"):
        destroy.confirm(environment(), "agent-orchestrator-prod")


def test_destroy_keeps_a_snapshot_and_goes_in_an_order_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    account, order = Account(), list[str]()
    gone: set[str] = set()
    known = {"Database": "nested-id", "FlagsApplication": "app", "FlagsProfile": "app|profile"}
    monkeypatch.setattr(destroy, "resources", lambda *_: known)
    monkeypatch.setattr(destroy, "stacks_output", lambda _, __, name: {"PagesBucket": "b"}.get(name, ""))
    monkeypatch.setattr(pages, "empty", lambda *_: order.append("pages"))
    monkeypatch.setattr(destroy, "delete_flag_versions", lambda _, app, profile: order.append(f"flags {app} {profile}"))
    monkeypatch.setattr(stacks, "describe", lambda _, stack: None if stack in gone else {})

    def delete(_: object, stack: str) -> None:
        gone.add(stack)
        order.append(stack)

    monkeypatch.setattr(stacks, "delete", delete)
    rds = account("rds")
    rds.delete_db_instance.side_effect = lambda **given: order.append(given["FinalDBSnapshotIdentifier"])
    text = destroy.remove(environment(), account, "20270101")
    snapshot = "agent-orchestrator-staging-final-20270101"
    assert order == ["pages", "flags app profile", "agent-orchestrator-staging", snapshot, "nested-id"]
    assert rds.modify_db_instance.call_args.kwargs["DeletionProtection"] is False
    assert snapshot in text


def test_destroy_finds_the_network_that_an_earlier_run_left() -> None:
    cloudformation = MagicMock()
    names = ["other-Database-1", "agent-orchestrator-staging-Database-1ABC", "agent-orchestrator-staging-Rotation-2"]
    found = [{"Stacks": [{"StackName": name, "StackId": f"arn:{name}"} for name in names]}]
    cloudformation.get_paginator.return_value.paginate.return_value = found
    assert destroy._orphan(cloudformation, "agent-orchestrator-staging") == f"arn:{names[1]}"


def test_a_second_destroy_deletes_the_network_of_a_stack_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nested stack is billed by the hour, and it keeps the next deploy from the same names."""
    account, deleted = Account(), list[str]()
    monkeypatch.setattr(destroy, "resources", lambda *_: {})
    monkeypatch.setattr(destroy, "stacks_output", lambda *_: "")
    monkeypatch.setattr(stacks, "describe", lambda *_: {})
    monkeypatch.setattr(stacks, "delete", lambda _, stack: deleted.append(stack))
    nested = {"StackName": "agent-orchestrator-staging-Database-1ABC", "StackId": "nested-id"}
    account("cloudformation").get_paginator.return_value.paginate.return_value = [{"Stacks": [nested]}]
    gone = ClientError({"Error": {"Code": "DBInstanceNotFound", "Message": ""}}, "DescribeDBInstances")
    account("rds").describe_db_instances.side_effect = gone
    assert "snapshot" not in destroy.remove(environment(), account, "20270101")
    assert deleted == ["nested-id"]
