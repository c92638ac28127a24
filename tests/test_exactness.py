"""The error bounds bite: a few units in the last place are seen, right code is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.operations import load_operations, load_oracle
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.specification import Variant

ULP = 2.0**-23
VARIANTS = [
    variant
    for operation in load_operations().values()
    for variant in operation.variants
    if not operation.bound.startswith("0")  # where nothing is rounded
]


def subject(variant: Variant) -> Subject:
    return Subject(
        load_adapter("numpy_reference"),
        load_framework("numpy"),
        load_operations()[variant.operation],
        variant,
        dtype="float32",
        route="eager",
    )


def samples(variant: Variant, seeds: range, time: int) -> Iterator[Sample]:
    oracle = load_oracle(variant.operation)
    for seed in seeds:
        batch = generate(oracle, variant, seed=seed, turn=seed, time=time, rows=4)
        # One row at a time: of a scalar, n is the number of positions in all.
        batch = cast(batch.take([seed % 4]), "float32")
        yield Sample(oracle=oracle, variant=variant, dtype="float32", batch=batch)


LONGER = {"strided_conv1d.valid.2.2": 8}
"""Positions of a variant whose window would not fit into four."""

COARSER = {"crf_marginals": 128, "moe_routing": 16}
"""Ulps where a small number is the power of a difference of large ones, which round,
or where a mean of shares is multiplied by another mean."""


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.name)
def test_an_injected_error_of_a_few_ulp_is_caught(variant: Variant) -> None:
    recurrent = load_operations()[variant.operation].builds
    size = COARSER.get(variant.operation, 32 if recurrent else 8) * ULP
    time = LONGER.get(variant.name, 3 if recurrent else 4)
    under_test = subject(variant)
    caught = 0
    for sample in samples(variant, range(40), time):
        got = under_test.answer(sample.batch, like=sample.want).astype(np.float64)
        caught += not compare(got * (1 + size), sample.want, sample.allowed).passed

    assert caught > 0


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.name)
def test_the_reference_stays_within_its_bound(variant: Variant) -> None:
    under_test = subject(variant)
    shares = [
        under_test.agrees(sample).share for sample in samples(variant, range(100), 5)
    ]

    assert max(shares) <= 1
