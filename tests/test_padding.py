"""What stands at padding of an answer: declared, judged, and asked for nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.operations import load_law, load_operations, load_oracle
from conformance.specification.declaration import Declaration
from conformance.specification.plan import laws_of
from conformance.strategies import variant_named
from conformance.trial.adapter import Adapter
from conformance.trial.attempt import attempt
from conformance.trial.batch import Batch
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample
from conformance.trial.subject import Subject

REVERSED = variant_named("reverse_sequence")
ROW = Batch(
    arrays={"x": np.array([[1.0, 2.0, 9.0]])}, mask=np.array([[True, True, False]])
)


def sample(padding: str | None) -> Sample:
    return Sample(
        oracle=load_oracle("reverse_sequence"),
        variant=REVERSED,
        dtype="float64",
        batch=ROW,
        padding=padding,
    )


@pytest.mark.parametrize(
    ("padding", "stands"),
    [("zero", 0.0), ("kept", 9.0), ("negative-infinity", -np.inf)],
)
def test_what_is_declared_stands_there_exactly(padding: str, stands: float) -> None:
    one = sample(padding)
    assert one.want.tolist() == [[2.0, 1.0, stands]]
    assert not one.allowed.any()


def test_what_is_not_declared_at_padding_is_not_judged() -> None:
    open_by = {name: own.tolist() for name, own in sample(None).open_by.items()}
    assert open_by == {"undeclared-padding": [[False, False, True]]}


def test_other_padding_is_another_answer_only_where_it_is_kept() -> None:
    other = replace(ROW, arrays={"x": np.array([[1.0, 2.0, np.nan]])})
    assert np.isnan(sample("kept").replace_padding(other).want[0, 2])
    zero = sample("zero")
    assert zero.replace_padding(other).want is zero.want


def test_nothing_is_asked_of_the_derivative_at_declared_padding() -> None:
    cotangent = sample("kept").cotangent()
    assert cotangent[0, 2] == 0
    assert cotangent[0, :2].all()


def verdict(answer: Any, law: str, **declared: str) -> str:
    """Return what a law says of a reversal, with the given declaration."""
    operation = load_operations()["reverse_sequence"]
    declaration = Declaration(
        name="mine",
        framework="numpy",
        file="mine.py",
        functions=("reverse_sequence",),
        padding=declared,
    )
    subject = Subject(
        Adapter(declaration=declaration, functions={"reverse_sequence": answer}),
        load_framework("numpy"),
        operation,
        REVERSED,
        dtype="float64",
        route="eager",
    )
    found = next(each for each in laws_of(operation) if each.name == law)
    one = sample(declaration.at_padding("reverse_sequence"))
    return attempt(load_law(found), subject, one).verdict.message


def kept(x: Any, mask: Any) -> Any:
    found = x.copy()
    for row, keep in enumerate(mask):
        found[row, keep] = x[row, keep][::-1]
    return found


def zeroed(x: Any, mask: Any) -> Any:
    return np.where(mask.reshape(mask.shape + (1,) * (x.ndim - 2)), kept(x, mask), 0)


@pytest.mark.parametrize(
    "law", ["value", "padding-content", "extra-padding", "wild-padding", "empty-row"]
)
def test_an_adapter_is_held_to_what_it_declares(law: str) -> None:
    assert verdict(kept, law, reverse_sequence="kept") == ""
    assert verdict(zeroed, law, reverse_sequence="zero") == ""
    assert verdict(kept, law) == ""
    assert "expected 0" in verdict(kept, law, reverse_sequence="zero")
    if law != "wild-padding":
        assert "out[0, " in verdict(zeroed, law, reverse_sequence="kept")


def test_padding_that_reaches_a_value_is_seen_whatever_is_declared() -> None:
    def leaking(x: Any, mask: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return kept(x, mask) + 0 * x.sum(axis=1, keepdims=True)

    for declared in ({}, {"reverse_sequence": "kept"}):
        assert "nan" in verdict(leaking, "wild-padding", **declared)


@pytest.mark.parametrize("law", ["involution", "same-values"])
def test_a_row_that_is_moved_as_well_is_seen(law: str) -> None:
    assert verdict(kept, law) == ""
    assert "expected" in verdict(lambda x, mask: (x[:, ::-1], mask)[0], law)
