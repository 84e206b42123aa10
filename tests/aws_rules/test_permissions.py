"""IAM's actions for our calls, by botocore's service models; MiniStack asks for none of AppConfig's data plane."""

from __future__ import annotations

import botocore.session
import pytest
from botocore import xform_name

from tests.template.test_permissions import ACTIONS

#: Operations whose action has another name than they.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html and, for
#: Bedrock, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html.
RENAMED = {
    "PostToConnection": "ManageConnections",
    "DeleteConnection": "ManageConnections",
    "ConverseStream": "InvokeModelWithResponseStream",
}


@pytest.mark.parametrize(("service", "operation"), sorted(ACTIONS))
def test_the_action_is_that_of_the_operation(service: str, operation: str) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.

    The prefix of an action is the name by which the service signs its requests.
    """
    model = botocore.session.get_session().get_service_model(service)
    (name,) = (each for each in model.operation_names if xform_name(each) == operation)
    assert ACTIONS[service, operation] == f"{model.signing_name}:{RENAMED.get(name, name)}"
