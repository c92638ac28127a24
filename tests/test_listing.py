"""What can be run and what it means, as `checks` and `explain` say it."""

from __future__ import annotations

import pytest

from conformance import listing, loading
from conformance.errors import UnknownNameError
from conformance.listing import explained
from conformance.specification import included_levels


def test_a_clause_is_explained_with_its_cases() -> None:
    clause = listing.every_clause()["masked_softmax.zero-at-padding"]
    lines = explained(clause.id).splitlines()
    assert lines[:4] == [
        "masked_softmax.zero-at-padding (3.40, level core)",
        "",
        "The probability of a padded position is exactly zero.",
        f"It catches {clause.why}.",
    ]
    assert any(line.startswith("error bound: ") for line in lines)


def test_a_law_is_explained_by_the_check_that_failed() -> None:
    check = "masked_mean/extra-padding:float32:eager"
    assert explained(check) == explained("masked_mean.extra-padding")


def test_a_case_is_explained_with_its_own_title_and_its_clause() -> None:
    text = explained("masked_mean/article-mean:float32:eager")
    case = next(
        each for each in listing.cases()["masked_mean"] if each.slug == "article-mean"
    )
    assert text.startswith(f"{case.clause} (1.")
    assert text.endswith(f"this case: {case.title} ({case.source})")


@pytest.mark.parametrize(
    "name",
    [
        "masked_mean.valeu",
        "masked_mean/valeu:float32:eager",
        "masked_men/value:float32:eager",
        "value",
        "",
    ],
)
def test_what_is_neither_a_clause_nor_a_check_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown clause"):
        explained(name)


def test_a_misspelt_clause_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'masked_mean\.value'\?"):
        explained("masked_mean.valeu")


def test_every_check_of_an_operation_can_be_explained() -> None:
    found = loading.declaration("numpy_reference")
    chosen = listing.selection(level="core", operations=["masked_mean"])
    for check in listing.planned(found, chosen):
        assert explained(check.id).startswith(f"{check.clause} (")


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
