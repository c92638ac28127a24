"""What a system requires of its input is granted, and what it cannot get is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance.adapters.head import read_head
from conformance.commands.terminal import summary
from conformance.errors import AdapterError
from conformance.records import read
from conformance.run.header import list_declared
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.requirements import REQUIREMENTS
from conformance.specification.selection import Selection
from conformance.trial.batch import Batch
from conformance.trial.granted import find_lacking, grant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.records import Result

    Written = Callable[..., Path]

HEAD = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# placements = ["right", "left", "gaps"]
# {requires}
# ///
import numpy as np
"""
MEAN = """
def masked_mean(x, mask):
    counts = mask.sum(axis=1)
    if not ({asked}):
        raise ValueError("not what it requires")
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    count = wide.sum(axis=1)
    total = np.where(wide, x, 0).sum(axis=1) / np.maximum(count, 1)
    return total.astype(x.dtype){but}
"""
ASKED = {
    "full-row": "mask.all(axis=1).any()",
    "two-positions": "x.shape[1] >= 2",
    "sorted-rows": "(np.diff(counts) <= 0).all()",
    "rank-3": "x.ndim == 3",
}


def run(path: Path, *checks: str, level: str = "robust") -> list[Result]:
    selection = Selection(
        level=level,  # type: ignore[arg-type]
        operations=("masked_mean",),
        dtypes=("float32",),
        checks=checks,
    )
    given = Settings(
        reference=str(path), selection=selection, record=path.with_suffix(".jsonl")
    )
    session = Session(given)
    results = [session.run(check) for check in session.planned]
    session.close()
    return results


def mean(written: Written, name: str, *, declares: bool = True, but: str = "") -> Path:
    requires = f'requires = ["{name}"]' if declares else ""
    head = HEAD.format(requires=requires)
    return written(head + MEAN.format(asked=ASKED[name], but=but))


@pytest.mark.parametrize("name", ASKED)
def test_what_is_required_is_granted_or_the_check_is_unsupported(
    written: Written, name: str
) -> None:
    results = run(mean(written, name))
    outcomes = {result.outcome for result in results}
    said = {r.message for r in results if REQUIREMENTS[name] in r.message}

    assert outcomes == {"passed", "unsupported"}
    assert said == {
        f"the adapter requires that {REQUIREMENTS[name]}: no input of this check is so"
    }
    value = next(each for each in results if "/value:" in each.check)
    assert value.outcome == "passed"


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_declared_is_an_error(written: Written, name: str) -> None:
    results = run(mean(written, name, declares=False))

    assert "errored" in {result.outcome for result in results}


@pytest.mark.parametrize("name", ASKED)
def test_a_wrong_answer_is_found_all_the_same(written: Written, name: str) -> None:
    results = run(mean(written, name, but=" + x.dtype.type(1)"))
    failed = [each.check for each in results if each.failure]

    assert any("/value:" in each for each in failed)
    assert "passed" not in {each.outcome for each in results if "/value:" in each.check}


def test_inputs_that_are_left_out_are_counted_and_said(written: Written) -> None:
    path = mean(written, "two-positions")
    selection = Selection(operations=("masked_mean",), dtypes=("float32",))
    given = Settings(
        reference=str(path),
        selection=selection,
        explore=20,
        record=path.with_suffix(".jsonl"),
    )
    session = Session(given)
    results = [session.run(check) for check in session.planned]
    session.close()
    record = read(path.with_suffix(".jsonl"))
    counts = [each.left_out for each in results if each.left_out]

    assert counts
    assert [each.left_out for each in record.results if each.left_out] == counts
    text = " ".join(summary([record]).split())
    assert (
        f"{sum(counts)} inputs of {len(counts)} checks left out: they lack what it "
        "requires"
    ) in text


def test_what_an_adapter_requires_is_in_the_record(written: Written) -> None:
    path = mean(written, "full-row")
    (declaration,) = read_head(path).values()

    assert list_declared(declaration)["requires: *"] == "full-row"


def test_an_adapter_that_raises_our_exception_is_not_let_off(written: Written) -> None:
    body = """
from conformance.errors import NotGrantedError

def masked_mean(x, mask):
    raise NotGrantedError("the adapter requires that nobody asks")
"""
    results = run(written(HEAD.format(requires="") + body), "masked_mean/value:*")

    assert [each.outcome for each in results] == ["errored"]


@pytest.mark.parametrize(
    ("requires", "said"),
    [
        ('requires = "full-row"', "a list of strings"),
        ('requires = ["full-rows"]', "did you mean 'full-row'"),
        ('requires = ["full-row", "full-row"]', "one or more distinct names"),
        ("requires = []", "one or more distinct names"),
        ('requires = { "masked_mean*" = "full-row" }', "a list of strings"),
    ],
)
def test_a_head_that_requires_nonsense_is_refused(
    written: Written, requires: str, said: str
) -> None:
    path = written(HEAD.format(requires=requires) + "def masked_mean(x, mask): ...\n")

    with pytest.raises(AdapterError, match=said) as caught:
        read_head(path)
    assert str(path) in str(caught.value)


def test_a_table_asks_of_the_variants_that_its_globs_name(written: Written) -> None:
    requires = 'requires = { "*" = ["rank-3"], "birnn.*" = ["full-row", "rank-3"] }'
    path = written(HEAD.format(requires=requires) + "def masked_mean(x, mask): ...\n")
    (declaration,) = read_head(path).values()

    assert declaration.required("masked_mean") == ("rank-3",)
    assert declaration.required("birnn.gru.sum.final") == ("rank-3", "full-row")


def batch(*rows: str, beside: int = 0) -> Batch:
    """Return a batch of marks, ``x`` where a position counts."""
    mask = np.array([[mark == "x" for mark in row] for row in rows])
    x = np.arange(mask.size, dtype=np.float64).reshape(mask.shape)[:, :, None]
    given = {"query": np.zeros((len(rows), beside, 1, 1))} if beside else {}
    return Batch(arrays={"x": x}, mask=mask, beside=given)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("full-row", batch("x-", "xx"), batch("x--", "xx-")),
        ("two-positions", batch("x-"), batch("x")),
        ("sorted-rows", batch("xx", "x-", "x-"), batch("x-", "xx")),
        ("equal-times", batch("xx", beside=2), batch("xx", beside=3)),
    ],
)
def test_a_requirement_is_met_or_lacking(name: str, right: Batch, wrong: Batch) -> None:
    assert not find_lacking(right, [name])
    assert find_lacking(wrong, [name]) == name
    assert grant(right, [name]) is right


def test_padding_that_all_rows_have_is_cut_off_and_rows_are_put_in_order() -> None:
    granted = grant(batch("--x--", "-xx--"), ["full-row", "sorted-rows"])

    assert granted.mask.tolist() == [[True, True], [False, True]]
    assert granted.arrays["x"][:, :, 0].tolist() == [[6, 7], [1, 2]]


def test_a_batch_goes_on_lacking_what_it_cannot_get() -> None:
    gaps = batch("x-x-", "xx--")

    assert find_lacking(grant(gaps, ["full-row"]), ["full-row"])
    assert grant(batch("x"), ["two-positions"]).time == 1
    assert not find_lacking(grant(batch("---"), ["sorted-rows"]), ["sorted-rows"])
    assert grant(batch("---"), ["full-row"]).time == 3
