"""Which check belongs to which shard: for ever the same."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.adapters.load import read_declaration
from conformance.errors import UsageError
from conformance.run import catalogue
from conformance.specification.selection import Selection
from conformance.specification.shard import Shard

PLANNED = catalogue.plan_checks(
    read_declaration("numpy_reference"), Selection(level="extended")
)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 11))
def test_each_check_is_in_one_shard_and_in_one_part_of_it(
    of: int, parts: int, number: int
) -> None:
    for check in PLANNED[:: 1 + len(PLANNED) // 50]:
        held = [k for k in range(1, of + 1) if Shard(k, of).holds(check)]
        assert len(held) == 1
    shard = Shard(1 + number % of, of)
    for check in PLANNED[:: 1 + len(PLANNED) // 20]:
        inside = [part.holds(check) for part in shard.divide(parts)]
        assert sum(inside) == shard.holds(check)


def test_what_is_compiled_once_is_in_one_shard() -> None:
    homes: dict[tuple[str, str, str], set[int]] = {}
    for check in PLANNED:
        number = next(k for k in range(1, 5) if Shard(k, 4).holds(check))
        key = check.variant.name, check.dtype, check.route
        homes.setdefault(key, set()).add(number)
    assert {len(numbers) for numbers in homes.values()} == {1}
    assert {number for numbers in homes.values() for number in numbers} == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("variant", "number"),
    [
        ("masked_mean", 3),
        ("masked_softmax", 4),
        ("birnn.lstm.concat.final", 2),
        ("crf_decode", 4),
    ],
)
def test_a_check_stays_in_its_shard_in_every_version(variant: str, number: int) -> None:
    check = next(
        each
        for each in PLANNED
        if (each.variant.name, each.dtype, each.route) == (variant, "float32", "eager")
    )
    assert [k for k in range(1, 5) if Shard(k, 4).holds(check)] == [number]


def test_the_division_is_the_one_that_the_page_tells() -> None:
    page = Path(__file__).parents[1] / "docs" / "running.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted == 2
    assert found.failed == 0


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected K/N with K from 1 to N; write"):
        Shard.parse(text)
