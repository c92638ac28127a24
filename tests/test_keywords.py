"""-k: words of check ids with and, or, not."""

from __future__ import annotations

import pytest

from conformance.errors import UsageError
from conformance.run import catalogue
from conformance.specification.declaration import Declaration
from conformance.specification.keywords import Keywords

MEAN = "masked_mean/extra-padding:float32:eager"
LOSS = "masked_loss.mse.mean/value:float32:eager"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("mean", [MEAN, LOSS]),
        ("MEAN and not loss", [MEAN]),
        ("not (mean and padding)", [LOSS]),
        ("padding or value", [MEAN, LOSS]),
        ("not mean or value", [LOSS]),
        ("mean and padding or value and nothing", [MEAN]),
        ("mse.mean/value:float32", [LOSS]),
        ("not not extra-padding", [MEAN]),
    ],
)
def test_an_expression_is_read_as_pytest_reads_it(text: str, taken: list[str]) -> None:
    assert [check for check in (MEAN, LOSS) if Keywords(text).match(check)] == taken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing where a word belongs"),
        ("mean and", "nothing where a word belongs"),
        ("(mean", "a bracket is not closed"),
        ("mean)", "')' is left over"),
        ("mean loss", "'loss' is left over"),
        ("and", "'and' where a word belongs"),
        ("not " * 99 + "mean", "more than 50 levels deep"),
        ("(" * 99_999, "more than 50 levels deep"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"^-k ") as caught:
        Keywords(text)
    assert said in str(caught.value)


def test_a_selection_has_them_beside_its_other_options() -> None:
    mine = Declaration(name="mine", framework="numpy", functions=("masked_mean",))
    asked = catalogue.selection(
        level="core", operations=["masked_mean"], keywords="value or layout"
    )
    found = {check.item for check in catalogue.plan_checks(mine, asked)}
    assert found >= {"value", "layout"}
    assert "extra-padding" not in found
    assert asked.partial
    assert asked.options == ["--operation masked_mean", "-k value or layout"]


def test_a_thousand_named_checks_are_as_many_globs_that_match_themselves() -> None:
    mine = Declaration(name="mine", framework="numpy", functions=("masked_mean",))
    whole = catalogue.plan_checks(mine, catalogue.selection(level="core"))
    named = [check.id for check in whole]
    again = catalogue.plan_checks(mine, catalogue.selection(level="core", checks=named))
    assert [check.id for check in again] == named
    glob = catalogue.selection(level="core", checks=["masked_mean/v*", named[0]])
    some = {check.id for check in catalogue.plan_checks(mine, glob)}
    assert some == {n for n in named if n.startswith("masked_mean/v")} | {named[0]}
