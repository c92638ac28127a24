"""The exact ``stack`` in float64, its running error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import GATES
from conformance.operations.birnn import oracle as birnn
from conformance.operations.stack import oracle_layers as layers
from conformance.trial.draw import SIGNALS, Draw
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = birnn.ROWS
FEATURES = birnn.FEATURES
UNITS = 2
CHANNELS = 3
TAPS = 3
LAYERS = {
    "first_forward": (FEATURES, UNITS),
    "first_backward": (FEATURES, UNITS),
    "second_forward": (CHANNELS, UNITS),
    "second_backward": (CHANNELS, UNITS),
}


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    return birnn.generate(options, draw, mask)


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return every layer's weights, by ``first_forward.kernel`` and the like."""
    gates = GATES[options["cell"]]
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (features, units) in LAYERS.items():
        width = gates * units
        if layer == "second_forward":
            shapes["convolution.kernel"] = (TAPS, 2 * UNITS, CHANNELS)
            shapes["convolution.bias"] = (CHANNELS,)
        shapes[f"{layer}.kernel"] = (features, width)
        shapes[f"{layer}.recurrent_kernel"] = (units, width)
        shapes[f"{layer}.bias"] = (width,)
        shapes[f"{layer}.recurrent_bias"] = (width,)
    return {name: draw.of(SIGNALS[1], shape) for name, shape in shapes.items()}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact output; 0 at padding and for a row without valid positions."""
    return layers.forwards(options, batch, "float64")[-1].value


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return the running error of :func:`answer` in ``dtype``, layer by layer."""
    return solve(options, batch, dtype)[1]


def solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return the answer and its bound out of one pass through the layers."""
    last = layers.forwards(options, batch, dtype)[-1]
    # Where the answer is NaN it is nothing else.
    error = np.where(np.isnan(last.value), 0.0, last.error)
    return last.value, np.asarray(PRECISIONS[dtype].factor * error)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x and every weight, layer after layer."""
    return layers.backwards(options, batch, cotangent, majorant=False)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    As that of ``birnn``: magnitudes for factors, the largest slopes, and what each
    layer rounds on a path, all three added; doubled, since slopes are taken at values
    that were rounded as often.
    """
    p = PRECISIONS["float64"]
    size = layers.backwards(options, batch, cotangent, majorant=True)
    taps, width, channels = batch.weights["convolution.kernel"].shape
    features, units = batch.arrays["x"].shape[2], width // 2
    steps = batch.time * (32 + features + channels + 4 * units)
    count = 2 * (steps + taps * (width + channels) + batch.rows * batch.time + 8)
    error = {
        name: p.factor * (count * p.u * each + p.eta) for name, each in size.items()
    }
    return {**error, "x": np.where(batch.mask[..., None], error["x"], 0.0)}
