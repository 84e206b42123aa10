"""`make aws` and `make destroy`: their checks, and their repetition after any failure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound
from moto import mock_aws

from tests.support.aws_account import Account, environment
from tools.aws_deploy import deploy, destroy, pages, preflight, stacks
from tools.aws_deploy.environment import Environment, named_failures
from tools.progress import Refused
from tools.virtualenvs import ROOT


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return Account()


def test_nothing_stands_in_the_way_of_a_good_account(account: Account) -> None:
    assert preflight.problems(environment(), account, first=True) == []


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"AlarmEmail": "alarms@example.com"}, "AlarmEmail=alarms@example.com in samconfig.toml"),
        ({"PagesDomainName": "app.test"}, "PagesCertificateArn is empty"),
        ({"PagesDomainName": "app.test", "PagesCertificateArn": "arn:aws:acm:eu-west-1:1:c/x"}, "in eu-west-1"),
        ({"ApiConcurrency": "950"}, "leaves fewer than 100"),
    ],
)
def test_a_parameter_that_would_fail_is_named(account: Account, parameters: dict[str, str], said: str) -> None:
    assert any(said in one for one in preflight.problems(environment(**parameters), account, first=True))


def test_a_new_account_is_asked_to_request_more_executions(account: Account) -> None:
    account("lambda").get_account_settings.return_value = {"AccountLimit": {"ConcurrentExecutions": 10}}
    (problem,) = preflight.problems(environment(), account, first=True)
    assert "L-B99A9384" in problem
    assert preflight.problems(environment("small"), account, first=True) == []
    (problem,) = preflight.problems(environment("small", LongConcurrency="3"), account, first=True)
    assert "LongConcurrency=3" in problem


def test_a_zone_without_lambda_or_endpoint_is_replaced(account: Account) -> None:
    account.zones({"us-east-1a": "use1-az3", "us-east-1b": "use1-az1", "us-east-1c": "use1-az2"})
    (problem,) = preflight.problems(environment(), account, first=True)
    assert "Zones=us-east-1b,us-east-1c" in problem
    assert preflight.problems(environment(Zones="us-east-1b,us-east-1c"), account, first=True) == []
    account.zones({"us-east-1a": "use1-az1", "us-east-1b": "use1-az2", "us-east-1c": "use1-az4"}, ["us-east-1b"])
    assert "Zone us-east-1a" in preflight.problems(environment(), account, first=True)[0]


def test_a_certificate_must_be_issued_and_for_the_name(account: Account) -> None:
    account("acm").describe_certificate.return_value = {
        "Certificate": {"DomainName": "*.app.test", "Status": "PENDING_VALIDATION"}
    }
    given = {"PagesDomainName": "other.test", "PagesCertificateArn": "arn:aws:acm:us-east-1:1:certificate/x"}
    issued, named = preflight.problems(environment(**given), account, first=True)
    assert "PENDING_VALIDATION" in issued
    assert "not for other.test" in named


def test_a_region_without_certificate_and_an_interpreter_that_is_missing_are_named(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    problems = preflight.problems(replace(environment(), region="mx-central-1"), account, first=False)
    assert [re.split("[:,]| is", one)[0] for one in problems] == ["Region mx-central-1", "python3.13"]


def test_full_quotas_are_found_before_the_deploy(account: Account) -> None:
    account("ec2").describe_vpcs.return_value = {"Vpcs": [{}] * 5}
    assert "5 of 5 VPCs" in preflight.problems(environment(), account, first=True)[0]


def test_a_missing_answer_of_aws_is_a_problem_not_a_crash(account: Account) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetAccountSettings")
    account("lambda").get_account_settings.side_effect = refusal
    assert "check of concurrency" in preflight.problems(environment(), account, first=True)[0]


def test_the_first_deploy_of_prod_can_be_taken_back_and_the_second_protects() -> None:
    first, second = deploy.rounds(environment("prod"), exists=False)
    assert (first["DatabaseDeletionProtection"], first["CanaryEnabled"]) == ("false", "false")
    assert second["DatabaseDeletionProtection"] == "true"
    assert deploy.rounds(environment("prod"), exists=True) == [second]
    assert len(deploy.rounds(environment(), exists=False)) == 1


def test_each_try_is_another_version() -> None:
    """The function versions of a failed deploy stay, and Lambda publishes none twice."""
    assert deploy.service_version(now=0.0) != deploy.service_version(now=1.0)
    assert deploy.service_version(now=0.0).endswith("-19700101T000000")


def test_a_copy_without_git_has_a_version_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert deploy.service_version(now=0.0) == "unversioned-19700101T000000"


def test_new_values_of_parameters_are_published() -> None:
    text = (ROOT / "template.yaml").read_text()
    one, other = (deploy.published(text, {"LogLevel": level}) for level in ("INFO", "DEBUG"))
    assert one != other
    assert one != text
    with pytest.raises(Refused):
        deploy.published("Resources: {}", {})


class Stacks:
    """CloudFormation with one stack, whose status goes through `states` with each request."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.calls: list[str] = []
        self.skipped: list[str] = []

    def describe_stacks(self, **given: str) -> dict[str, Any]:
        if not self.states:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "x does not exist"}}, "DescribeStacks")
        state = self.states[0] if len(self.states) == 1 else self.states.pop(0)
        return {"Stacks": [{"StackName": given["StackName"], "StackStatus": state}]}

    def delete_stack(self, **_: str) -> None:
        self.calls.append("delete")
        self.states = []

    def continue_update_rollback(self, **given: Any) -> None:
        self.calls.append("continue")
        self.skipped = given["ResourcesToSkip"]
        self.states = ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]

    def describe_stack_resources(self, **_: str) -> dict[str, Any]:
        states = {"MigrateBefore": "UPDATE_FAILED", "MigrateAfter": "UPDATE_COMPLETE", "ApiFunction": "UPDATE_FAILED"}
        return {"StackResources": [{"LogicalResourceId": n, "ResourceStatus": s} for n, s in states.items()]}


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_the_remains_of_a_failed_first_deploy_are_deleted(status: str) -> None:
    cloudformation = Stacks(status)
    assert stacks.settle(cloudformation, "x", lambda _: None) is False
    assert cloudformation.calls == ["delete"]


def test_a_rollback_that_failed_goes_on_without_the_migrations_that_failed() -> None:
    cloudformation = Stacks("UPDATE_ROLLBACK_FAILED")
    assert stacks.settle(cloudformation, "x", lambda _: None) is True
    assert (cloudformation.calls, cloudformation.skipped) == (["continue"], ["MigrateBefore"])


def test_a_deploy_under_way_is_waited_for_and_a_good_stack_left_alone() -> None:
    waits: list[float] = []
    cloudformation = Stacks("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    assert stacks.settle(cloudformation, "x", waits.append) is True
    assert (len(waits), cloudformation.calls) == (2, [])
    assert stacks.settle(Stacks(), "x", waits.append) is False


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="pages")
        yield client


def test_pages_are_sent_once_and_old_ones_removed(s3: Any) -> None:
    s3.put_object(Bucket="pages", Key="gone.js", Body=b"")
    sent, gone = pages.upload(s3, "pages")
    assert sent == len(dict(pages.files())) > 50
    assert gone == 1
    assert pages.upload(s3, "pages") == (0, 0)
    for key, kind in {
        "index.html": "text/html",
        "operator/index.html": "text/html",
        "client/index.js": "text/javascript",
    }.items():
        head = s3.head_object(Bucket="pages", Key=key)
        assert (head["ContentType"], head["CacheControl"]) == (kind, "no-cache")


def test_tests_and_packages_of_others_are_not_served() -> None:
    keys = dict(pages.files())
    assert [key for key in keys if "node_modules" in key or key.startswith("client/test/")] == []


def test_a_bucket_is_emptied_below_a_prefix(s3: Any) -> None:
    for key in ("a/1", "a/2", "b/1"):
        s3.put_object(Bucket="pages", Key=key, Body=b"")
    assert pages.empty(s3, "pages", "a/") == 2
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="pages")["Contents"]] == ["b/1"]


OUTPUTS = {"PagesUrl": "https://d1.cloudfront.net", "HttpUrl": "https://a.execute-api", "MigrateFunctionName": "m"}


def test_the_summary_names_addresses_price_and_the_next_step() -> None:
    text = deploy.summary(environment("small"), OUTPUTS, promoted=False)
    assert "https://d1.cloudfront.net/operator/" in text
    assert "$21 a month" in text
    assert "make aws ENV=small OPERATOR=" in text
    assert "OPERATOR=" not in deploy.summary(environment("small"), OUTPUTS, promoted=True)


@pytest.mark.parametrize(("failed", "promoted"), [(None, True), ("Unhandled", False)])
def test_the_operator_is_promoted_by_the_migrate_function(failed: str | None, promoted: bool) -> None:
    account = Account()
    answer = {"Payload": BytesIO(json.dumps({"errorMessage": "sign up first"}).encode()), "FunctionError": failed}
    account("lambda").invoke.return_value = answer
    assert deploy._promote(account, OUTPUTS, "olga") is promoted
    assert json.loads(account("lambda").invoke.call_args.kwargs["Payload"]) == {"operator": "olga"}


def test_a_parameter_of_one_deploy_leaves_the_others_as_they_are() -> None:
    """`sam deploy --parameter-overrides` would replace the whole list of samconfig.toml."""
    usual = Environment.read("prod", "us-east-1")
    once = Environment.read("prod", "us-east-1", "CanaryEnabled=false AllowedOrigins='https://a.test,https://b.test'")
    assert once.overrides["CanaryEnabled"] == "false"
    assert once.overrides["AllowedOrigins"] == "https://a.test,https://b.test"
    assert once.overrides.keys() == usual.overrides.keys()
    with pytest.raises(Refused, match="no parameter CanaryEnable"):
        Environment.read("prod", "us-east-1", "CanaryEnable=false")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (NoCredentialsError(), "AWS_PROFILE"),
        (ProfileNotFound(profile="nope"), "AWS_PROFILE"),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, "GetCallerIdentity"), "AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="https://sts.us-east-1.amazonaws.com"), "Mend the cause"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "DescribeStacks"), "Mend the cause"),
    ],
)
def test_a_failure_of_aws_is_one_sentence_with_a_remedy(error: Exception, remedy: str) -> None:
    with pytest.raises(Refused, match=remedy) as refused, named_failures():
        raise error
    assert str(error) in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_the_commands_name_failures_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "a profile that is not there")
    for command in (deploy.deploy, destroy.destroy):
        with pytest.raises(Refused, match="could not be found"):
            command()


def test_only_environments_of_aws_are_deployed(tmp_path: Path) -> None:
    for name in ("local", "prod-first", "nowhere"):
        with pytest.raises(Refused, match=r"samconfig\.toml has"):
            Environment.read(name, "us-east-1")
    with pytest.raises(Refused, match="No region"):
        Environment.read("staging", None)
