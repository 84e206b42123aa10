"""Operators find the account of a name; nobody else does."""

from __future__ import annotations

from orchestrator.http.app import Services
from tests.integration.conftest import signed_in
from tests.integration.playmate.conftest import MakeFamily
from tests.support.gateway import Caller


def test_operators_find_accounts_by_the_beginning_of_their_name(family: MakeFamily, operator: Caller) -> None:
    chloe = family("Chloe")
    family("Clara")
    answer = operator.get("/ops/owners?name=CHL")
    assert (answer.status, answer.json()) == (200, {"items": [{"owner": str(chloe), "name": "Chloe"}]})
    assert len(operator.get("/ops/owners?name=c").json()["items"]) == 2
    assert operator.get("/ops/owners?name=%25").json() == {"items": []}


def test_families_find_nobody(family: MakeFamily, anyone: Caller, services: Services) -> None:
    amira = signed_in(anyone, services, str(family("Amira")))
    assert amira.get("/ops/owners?name=A").status == 403
    assert anyone.get("/ops/owners?name=A").status == 401
