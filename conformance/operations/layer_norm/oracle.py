"""The exact ``layer_norm`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.operations._common.norms import (
    derivative,
    generated_weights,
    norm_answer,
    norm_bound,
    norm_everywhere,
)
from conformance.trial.draw import GARBAGE, VALUES, Draw, fill_padding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 8
FEATURES = 4
AXIS = 1


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    del options
    shape = (*mask.shape, FEATURES)
    valid = draw.rows_of(VALUES, shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return scale ``[F]`` and offset ``[F]``."""
    del options
    return generated_weights(draw, FEATURES)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer, each position by itself; 0 at padding."""
    del options
    return norm_answer(batch, AXIS)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    del options
    return norm_bound(batch, AXIS, dtype)


def norm_padding(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return what padded positions get that are normed like the rest, and its bound."""
    del options
    return norm_everywhere(batch, AXIS, dtype)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x, scale and offset."""
    del options
    return derivative(batch, AXIS, cotangent)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    del options
    return derivative(batch, AXIS, cotangent, bound=True)
