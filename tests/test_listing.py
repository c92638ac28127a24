"""What can be run and what it means, as `checks` lists it."""

from __future__ import annotations

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
