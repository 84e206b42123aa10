"""Requests that the API's description allows, and many others, never get a 5xx."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok

from tests.support.stack import Stack

Case = schemathesis.Case[Any]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]

#: Requests made for each operation; more finds little and takes long.
EXAMPLES = 12

#: Their requests end the session, or the account, of the very token that the others need.
LEFT_OUT = {"/auth/logout", "/api/me"}


@pytest.mark.timeout(900)
def test_no_request_makes_the_api_fail(stack: Stack, login: Callable[[str], str]) -> None:
    schema = schemathesis.openapi.from_url(f"{stack.said['api_url']}/openapi.json", wait_for_schema=30)
    headers = {"Authorization": f"Bearer {login('Chloe')}"}
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 10
    for operation in operations:
        if operation.path not in LEFT_OUT:
            for strategy in (operation.as_strategy(), _negative(operation)):
                _fuzz(strategy, headers)


def _negative(operation: Operation) -> st.SearchStrategy[Case]:
    strategy: st.SearchStrategy[Case] = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    return strategy


def _fuzz(strategy: st.SearchStrategy[Case], headers: dict[str, str]) -> None:
    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=[not_a_server_error], timeout=30)

    with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        ask()
