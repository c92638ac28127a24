"""The exact ``masked_min``: the maximum of what is below, turned round."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import wide
from conformance.operations.masked_max import oracle as maximum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = maximum.ROWS
generate = maximum.generate


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact minimum ``[B, ...]``; 0 for a row without valid positions."""
    return -maximum.answer(options, _turned(batch))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: the minimum is one of the values, bit for bit."""
    return maximum.bound(options, _turned(batch), dtype)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative with ties sharing alike: both signs cancel."""
    return maximum.gradient(options, _turned(batch), cotangent)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zero off the minima; on tied ones any share of the cotangent."""
    return maximum.gradient_bound(options, _turned(batch), cotangent)


def gradient_shares(
    options: Mapping[str, str], batch: Batch, cotangent: Array, got: Array
) -> str:
    """Return what is wrong with the shares of tied minima, or nothing."""
    found = maximum.gradient_shares(options, _turned(batch), cotangent, got)
    return found.replace("maxim", "minim")


def _turned(batch: Batch) -> Batch:
    return replace(batch, arrays={"x": np.negative(wide(batch.arrays["x"]))})
