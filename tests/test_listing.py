"""What can be run and what it means, as `checks` lists it."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from conformance.adapters.load import read_declaration
from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification import included_levels


def test_a_named_check_is_found_at_any_level() -> None:
    assert catalogue.selection(checks=["*"]).level == "extended"
    assert catalogue.selection(checks=["*"], level="core").level == "core"
    assert catalogue.selection().level == "robust"


def test_a_level_holds_those_below_it() -> None:
    found = read_declaration("torch_reference")
    sizes = []
    for level in included_levels("extended"):
        checks = catalogue.plan_checks(found, catalogue.selection(level=level))
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
    found = read_declaration("torch_reference")
    whole = catalogue.plan_checks(found, catalogue.selection(level="extended"))
    wanted = [check.id for check in whole if fnmatchcase(check.id, glob)]
    part = catalogue.plan_checks(found, catalogue.selection(checks=[glob]))
    assert [check.id for check in part] == wanted


def test_only_the_files_of_operations_that_are_asked_for_are_read() -> None:
    one = catalogue.select_cases(catalogue.selection(checks=["masked_max/value:*"]))
    two = catalogue.select_cases(
        catalogue.selection(operations=["birnn", "masked_max"])
    )
    assert set(one) == {"masked_max"}
    assert set(two) == {"birnn", "masked_max"}
    assert set(catalogue.select_cases(catalogue.selection())) == set(load_operations())
    assert two["masked_max"] == catalogue.cases()["masked_max"]
