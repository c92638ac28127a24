"""What laws judge, put together by hand: a function, a batch and a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from typing import cast as typed

import numpy as np
import pytest

from conformance.adapters.load import read_declaration
from conformance.operations import load_law, load_operations, load_oracle
from conformance.specification.declaration import Declaration
from conformance.specification.plan import laws_of
from conformance.strategies import variant_named
from conformance.trial.adapter import Adapter
from conformance.trial.attempt import Finding, attempt
from conformance.trial.frameworks import numpy as numpy_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial.frameworks import Framework

    Function = Callable[..., Any]


def make_subject(
    function: Function,
    *,
    variant: str = "masked_mean",
    framework: Any = None,
    **more: str,
) -> Subject:
    found = variant_named(variant)
    operation = load_operations()[found.operation]
    declaration = Declaration(
        name="made",
        framework="numpy",
        file="made.py",
        functions=(operation.function,),
        placements=("right", "left", "gaps"),
        mask_forms=("bool", "float", "none"),
        zero_time={"*": "empty-rows"},
        zero_batch={"*": "empty"},
        subnormals={"*": "kept"},
    )
    return Subject(
        Adapter(declaration=declaration, functions={operation.function: function}),
        typed("Framework", framework or numpy_framework),
        operation,
        found,
        dtype=more.get("dtype", "float32"),
        route=more.get("route", "eager"),
    )


def make_sample(under: Subject, *, turn: int = 0, seed: int = 0) -> Sample:
    oracle = load_oracle(under.operation.name)
    batch = generate(oracle, under.variant, seed=seed, turn=turn)
    reference = read_declaration("numpy_reference")
    return Sample(
        oracle=oracle,
        variant=under.variant,
        dtype=under.dtype,
        batch=cast(batch, under.dtype),
        empty=reference.empty_row(under.variant.name) or "zero",
        seed=seed,
        turn=turn,
    )


def judge(under: Subject, law: str, given: Sample | None = None) -> Finding:
    found = next(
        each for each in laws_of(under.operation, under.variant) if each.name == law
    )
    with np.errstate(all="ignore"):
        return attempt(load_law(found), under, given or make_sample(under))


@pytest.fixture(scope="session")
def subject() -> Callable[..., Subject]:
    """Put a function under test as an adapter's, of NumPy or of another framework."""
    return make_subject


@pytest.fixture(scope="session")
def sample() -> Callable[..., Sample]:
    """Generate what a subject is asked."""
    return make_sample


@pytest.fixture(scope="session")
def judged() -> Callable[..., Finding]:
    """Judge a subject by one law."""
    return judge
