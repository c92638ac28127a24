"""An adapter that gives two answers to one question is called non-deterministic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.run import catalogue
from conformance.run.session import Session
from conformance.run.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.records import Result

    Written = Callable[..., Path]

RANDOM = """
def masked_mean(x, mask):
    return np.random.rand(x.shape[0], *x.shape[2:]).astype(x.dtype)
"""
ONCE_IN_FIFTY = """
def masked_max(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    got = np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
    return got + 1 if np.random.rand() < 0.02 else got
"""
RIGHT = """
def masked_max(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
"""
RUNS = 20


def results(path: Path, operation: str) -> list[Result]:
    chosen = catalogue.selection(level="core", operations=[operation])
    session = Session(Settings(reference=str(path), selection=chosen))
    # Nothing is made small or named: whether it is unstable is seen before.
    return [session.runner.run(check, shrinks=False) for check in session.left]


def test_an_adapter_that_answers_at_random_is_called_so_in_every_run(
    written: Written,
) -> None:
    path = written(RANDOM)
    for seed in range(RUNS):
        np.random.seed(seed)  # noqa: NPY002 - the adapter's own
        found = [each for each in results(path, "masked_mean") if each.unstable]
        first = found[0]
        assert first.unstable == first.check
        assert first.message.startswith("non-deterministic: two answers to one")
        assert {each.unstable for each in found} == {first.check}
        others = [each.message for each in found[1:]]
        said = f"non-deterministic, as {first.check} showed first: "
        assert all(message.startswith(said) for message in others)


def test_an_adapter_that_errs_once_in_fifty_calls_is_called_so_in_every_run(
    written: Written,
) -> None:
    path = written(ONCE_IN_FIFTY)
    for seed in range(RUNS):
        np.random.seed(seed)  # noqa: NPY002 - the adapter's own
        found = [each for each in results(path, "masked_max") if each.unstable]
        assert found
        failure = found[0].failure
        assert failure is not None
        assert not failure.shrunk
        assert failure.repeats


def test_an_adapter_that_is_wrong_always_is_not_called_so(written: Written) -> None:
    path = written(RIGHT.replace("-np.inf", "0"))
    found = results(path, "masked_max")
    assert {each.outcome for each in found} >= {"failed"}
    assert not [each for each in found if each.unstable]


def test_a_right_adapter_is_not_called_so(written: Written) -> None:
    found = results(written(RIGHT), "masked_max")
    assert not [each for each in found if each.unstable]
    assert {each.outcome for each in found} <= {"passed", "unsupported"}


def test_an_earlier_process_is_remembered(written: Written) -> None:
    path = written(RANDOM)
    chosen = catalogue.selection(
        level="core", operations=["masked_mean"], routes=["eager"]
    )
    session = Session(Settings(reference=str(path), selection=chosen))
    earlier, later, *_ = session.left
    result = session.run(earlier)
    again = Session(Settings(reference=str(path), selection=chosen))
    again.runner.remember(earlier, result)
    assert again.run(later).unstable == earlier.id
