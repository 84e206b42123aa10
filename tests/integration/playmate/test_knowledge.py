"""Operators load documents of their own; the API refuses invalid documents with a message."""

from __future__ import annotations

import pytest

from tests.support.gateway import Caller


def test_documents_of_ones_own_replace_the_others(operator: Caller) -> None:
    loaded = operator.post("/ops/knowledge", {"markdown": "## Snow\nfacets: seasons=winter\nBuild a snowman.\n"})
    assert (loaded.status, loaded.json()) == (200, {"documents": 1, "changed": 1})
    assert operator.post("/ops/knowledge", {}).json()["documents"] > 50


@pytest.mark.parametrize(
    "markdown",
    [
        "no heading",
        "## Snow\nno facets\n",
        "## Snow\nfacets: ages=nine-ten\nx\n",
        "## Snow\nfacets: ages=9-3\nx\n",
        "## Snow\nfacets: ages=-1-300\nx\n",
        "## Snow\nfacets: setting=moon\nx\n",
        "## Snow\nfacets: weather=fine\nx\n",
        "## Snow\nfacets: seasons=winter\nx\n\n## Snow\nfacets: seasons=winter\ny\n",
        "## !!!\nfacets: seasons=winter\nx\n",
        "## Snow\nfacets: seasons=winter\n",
        "## " + "S" * 5_000 + "\nfacets: seasons=winter\nx\n",
    ],
    ids=range(11),
)
def test_a_document_that_cannot_be_stored_is_refused(operator: Caller, markdown: str) -> None:
    answer = operator.post("/ops/knowledge", {"markdown": markdown})
    assert answer.status == 400, answer.text
    assert answer.json()["faults"]
