"""The exact ``conv1d`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import windows
from conformance.operations._common.oracle import over_time, select_valid, to_float64
from conformance.trial.draw import GARBAGE, LOGITS, SIGNALS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 16
FEATURES = 2
CHANNELS = 3
TAPS = 3
EVEN = 4
"""Taps of ``same.1``: of an odd number of zeros one more stands behind the row."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    del options
    shape = (*mask.shape, FEATURES)
    valid = draw.rows_of(LOGITS, shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return a kernel ``[K, F, C]`` and a bias ``[C]``, neither of them zero."""
    even = options == {"padding": "same", "dilation": "1"}
    shape = (EVEN if even else TAPS, FEATURES, CHANNELS)
    rank = 1 + np.arange(CHANNELS, dtype=np.float64)
    taps = np.arange(shape[0], dtype=np.float64)[:, None, None] / 8
    return {
        "kernel": draw.of(SIGNALS[1], shape) + taps,
        "bias": draw.of(SIGNALS[1], (CHANNELS,)) + 2 * rank,
    }


def counted(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which positions of the answer count, ``[B, T']``."""
    return windows.counted_positions(options, batch.mask, _reach(options, batch))


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T', C]``; 0 where a position does not count."""
    found = _product(
        _input_windows(options, batch), to_float64(batch.weights["kernel"])
    )
    return _hide_padding(options, batch, found + to_float64(batch.weights["bias"]))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    A dot product of n terms and a bias, added in any order; then, in a storage
    format, the product may be stored before the bias is added.
    """
    p = PRECISIONS[dtype]
    seen, bias = _input_windows(options, batch), to_float64(batch.weights["bias"])
    kernel = to_float64(batch.weights["kernel"])
    size = _product(np.abs(seen), np.abs(kernel)) + np.abs(bias)
    valid = np.broadcast_to(batch.mask[..., None], batch.arrays["x"].shape)
    at = _reach(options, batch)
    terms = windows.windows(valid.astype(np.float64), at).sum(axis=(2, 3))[..., None]
    error = (terms + 2) * p.v * size + (terms + 1) * p.eta
    if p.low:
        product = _product(seen, kernel)
        error += p.u * (2 * np.abs(product + bias) + np.abs(product))
    # Where the answer is NaN it is nothing else.
    return _hide_padding(options, batch, np.nan_to_num(p.factor * error, posinf=np.inf))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x, kernel and bias."""
    return _pull_back(options, batch, cotangent, np.asarray)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: sums of products again."""
    p = PRECISIONS["float64"]
    size = _pull_back(options, batch, cotangent, np.abs)
    taps, _, channels = batch.weights["kernel"].shape
    terms = {
        "x": taps * channels,
        "kernel": batch.rows * cotangent.shape[1],
        "bias": batch.rows * cotangent.shape[1],
    }
    error = {
        name: p.factor * (terms[name] + 2) * (p.u * each + p.eta)
        for name, each in size.items()
    }
    return {**error, "x": np.where(batch.mask[..., None], error["x"], 0.0)}


def _reach(options: Mapping[str, str], batch: Batch) -> windows.Reach:
    return windows.reach(options, batch.weights["kernel"].shape[0])


def _input_windows(options: Mapping[str, str], batch: Batch) -> Array:
    return windows.windows(select_valid(batch, "x", 0.0), _reach(options, batch))


def _product(seen: Array, kernel: Array) -> Array:
    return np.asarray(np.einsum("btkf,kfc->btc", seen, kernel))


def _hide_padding(options: Mapping[str, str], batch: Batch, found: Array) -> Array:
    return np.where(over_time(counted(options, batch), found), found, 0.0)


def _pull_back(
    options: Mapping[str, str],
    batch: Batch,
    cotangent: Array,
    size: Callable[[Array], Array],
) -> dict[str, Array]:
    """Return the derivative, or with ``np.abs`` for ``size`` what bounds it."""
    pulled = size(_hide_padding(options, batch, cotangent))
    seen, kernel = (
        size(_input_windows(options, batch)),
        size(to_float64(batch.weights["kernel"])),
    )
    parts = np.einsum("btc,kfc->btkf", pulled, kernel)
    x = windows.scatter(parts, batch.time, _reach(options, batch))
    return {
        "x": np.where(batch.mask[..., None], x, 0.0),
        "kernel": np.einsum("btkf,btc->kfc", seen, pulled),
        "bias": pulled.sum(axis=(0, 1)),
    }
