"""What can be run and what it means, as `checks` lists it."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from conformance import listing, loading
from conformance.specification import included_levels


def test_a_named_check_is_found_at_any_level() -> None:
    assert listing.selection(checks=["*"]).level == "extended"
    assert listing.selection(checks=["*"], level="core").level == "core"
    assert listing.selection().level == "robust"


def test_a_level_holds_those_below_it() -> None:
    found = loading.declaration("torch_reference")
    sizes = []
    for level in included_levels("extended"):
        checks = listing.planned(found, listing.selection(level=level))
        assert {check.level for check in checks} <= set(included_levels(level))
        sizes.append(len(checks))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    "glob",
    [
        "masked_mean/*",
        "masked_m[ae]an/value:*",
        "birnn.*.final/value:float32:*",
        "*:float64:*",
        "*mean*",
        "no_such/*",
    ],
)
def test_what_is_planned_for_some_checks_is_that_part_of_the_whole(glob: str) -> None:
    found = loading.declaration("torch_reference")
    whole = listing.planned(found, listing.selection(level="extended"))
    wanted = [check.id for check in whole if fnmatchcase(check.id, glob)]
    part = listing.planned(found, listing.selection(checks=[glob]))
    assert [check.id for check in part] == wanted


def test_only_the_files_of_operations_that_are_asked_for_are_read() -> None:
    one = listing.concerned(listing.selection(checks=["masked_max/value:*"]))
    two = listing.concerned(listing.selection(operations=["birnn", "masked_max"]))
    assert set(one) == {"masked_max"}
    assert set(two) == {"birnn", "masked_max"}
    assert set(listing.concerned(listing.selection())) == set(loading.operations())
    assert two["masked_max"] == listing.cases()["masked_max"]
