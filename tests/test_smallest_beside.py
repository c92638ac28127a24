from __future__ import annotations

import msgspec
import pytest

from conformance.gate.smallest import check_smallest

CHECK = "cross_attention.plain/value:float32:eager"
KEYS = [[[[1.0]], [[2.0]], [[3.0]]]]


def smallest(query: object, mask: object) -> dict[str, object]:
    inputs = {"query": query, "query_mask": mask, "key": KEYS, "value": KEYS}
    return {"check": CHECK, "inputs": inputs, "mask": [[True, True, False]]}


def test_queries_have_positions_of_their_own() -> None:
    check_smallest(smallest([[[[1.0]]]], [[True]]))


def test_queries_have_as_many_rows_as_keys() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"query: .* \[1\]"):
        check_smallest(smallest([[[[1.0]]], [[[1.0]]]], [[True], [True]]))
