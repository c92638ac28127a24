"""Operations whose answer is the mask: given none, and inputs that say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.check.evidence import snippet
from conformance.operations import load_operations, load_oracle
from conformance.specification.declaration import Declaration
from conformance.specification.selection import Check
from conformance.strategies import variant_named
from conformance.trial.adapter import Adapter
from conformance.trial.batch import Batch
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample
from conformance.trial.subject import Subject

MASK = np.array([[True, True, False], [True, False, True]])


def sample(name: str, **arrays: Any) -> Sample:
    variant = variant_named(name)
    oracle = load_oracle(variant.operation)
    batch = Batch(arrays=arrays, mask=MASK)
    return Sample(oracle=oracle, variant=variant, dtype="float32", batch=batch)


@pytest.mark.parametrize(("padding", "other"), [(0, 1), (1, 0)])
def test_ids_say_what_the_mask_says(padding: int, other: int) -> None:
    ids = np.array([[5, padding, 7], [padding, 8, 9]])
    one = sample(f"mask_from_ids.{padding}", ids=ids)

    said = [[5, other, padding], [other, padding, 9]]
    assert one.batch.arrays["ids"].tolist() == said
    assert one.want.tolist() == MASK.astype(float).tolist()
    assert one.replace_batch(replace(one.batch, mask=~MASK | MASK)).want.all()


def test_features_say_what_the_mask_says() -> None:
    x = np.array([[[0, 2], [0, 0], [3, 4]], [[np.nan, 0], [5, 5], [-0.0, 1]]])
    found = sample("mask_from_features", x=x).batch.arrays["x"]

    said: Any = [[[0, 2], [1, 1], [0, 0]], [[np.nan, 0], [0, 0], [0, 1]]]
    assert np.array_equal(found, said, equal_nan=True)


def test_the_adapter_is_given_no_mask() -> None:
    seen: list[Any] = []

    def mask_from_ids(*tensors: Any, padding_id: int) -> Any:
        seen.append((len(tensors), padding_id))
        return tensors[0] != padding_id

    one = sample("mask_from_ids.1", ids=np.array([[5, 6, 1], [0, 1, 9]]))
    declaration = Declaration(
        name="mine", framework="numpy", file="mine.py", functions=("mask_from_ids",)
    )
    under = Subject(
        Adapter(declaration=declaration, functions={"mask_from_ids": mask_from_ids}),
        load_framework("numpy"),
        load_operations()["mask_from_ids"],
        one.variant,
        dtype="float32",
        route="eager",
    )

    assert under.agrees(one).passed
    assert seen == [(1, 1)]


def test_the_snippet_gives_no_mask_either() -> None:
    one = sample("mask_from_ids.1", ids=np.array([[5, 6, 1], [0, 1, 9]]))
    check = Check(
        operation="mask_from_ids",
        variant=one.variant,
        item="value",
        case=False,
        clause="mask_from_ids.value",
        level="core",
        dtype="float32",
        route="eager",
    )
    text = snippet(check, one.batch, "numpy_reference.py", "numpy", "mask_from_ids")

    assert "mask =" not in text
    assert text.endswith("print(function(ids, padding_id=1))")
