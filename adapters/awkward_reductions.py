# /// script
# requires-python = ">=3.11"
# dependencies = ["awkward==2.14.0", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "Awkward Array"
# library = "awkward"
# family = "Other"
# framework = "numpy"
# environment = "xarray"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# "masked_topk.*" = "empty-row"
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# masked_max = "nan"
# masked_min = "nan"
# masked_prod = "one"
# masked_variance = "nan"
# "masked_std.*" = "nan"
# "masked_topk.*" = "nan"
# weighted_mean = "nan"
# masked_softmax = "zero"
# [tool.mask-conformance.unsupported]
# "lengths_from_mask.extent" = "it counts what is there"
# "pack.steps" = "it flattens row by row"
# ///
"""Awkward Array's reducers, which leave out what ak.mask has made missing."""

from __future__ import annotations

from typing import Any, TypeAlias

import awkward as ak
import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def masked_mean(x: Array, mask: Array) -> Array:
    return _plain(ak.mean(_masked(x, mask), axis=1), np.nan, x.dtype)


def masked_max(x: Array, mask: Array) -> Array:
    return _plain(ak.max(_masked(x, mask), axis=1), np.nan, x.dtype)


def masked_min(x: Array, mask: Array) -> Array:
    return _plain(ak.min(_masked(x, mask), axis=1), np.nan, x.dtype)


def masked_sum(x: Array, mask: Array) -> Array:
    return _plain(ak.sum(_masked(x, mask), axis=1), 0, x.dtype)


def masked_prod(x: Array, mask: Array) -> Array:
    return _plain(ak.prod(_masked(x, mask), axis=1), 1, x.dtype)


def masked_variance(x: Array, mask: Array) -> Array:
    return _plain(ak.var(_masked(x, mask), axis=1), np.nan, x.dtype)


def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return _plain(ak.std(_masked(x, mask), axis=1, ddof=ddof), np.nan, x.dtype)


def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    found = getattr(ak, f"arg{of}")(_masked(x, mask), axis=1)
    return _plain(found, -1, np.dtype(np.int64))


def masked_topk(x: Array, mask: Array, *, k: int) -> Array:
    ordered = ak.sort(_masked(x, mask), axis=1, ascending=False)
    places = ak.pad_none(ordered, k, axis=1)[:, :k]
    # A place that is missing lacks all features.
    nothing = np.full(x.shape[2:], np.nan)
    return _plain(ak.fill_none(places, nothing, axis=1), np.nan, x.dtype)


def weighted_mean(x: Array, weight: Array, mask: Array) -> Array:
    wide = weight.reshape(weight.shape + (1,) * (x.ndim - 2))
    shares = _masked(np.broadcast_to(wide, x.shape), mask)
    return _plain(ak.mean(_masked(x, mask), weight=shares, axis=1), np.nan, x.dtype)


def masked_softmax(x: Array, mask: Array) -> Array:
    # Of lists of equal length it divides by another row's sum: see docs/findings.md.
    lists = ak.from_regular(_masked(x, mask))
    return _plain(ak.softmax(lists, axis=-1), 0, x.dtype)


def last_valid(x: Array, mask: Array) -> Array:
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    kept = np.repeat(mask, len(rows) // max(len(mask), 1), axis=0)
    # It raises for lists of equal length: see docs/findings.md.
    lists = ak.drop_none(ak.from_regular(_masked(rows, kept)), axis=1)
    last = _plain(ak.firsts(lists[:, ::-1], axis=1), 0, x.dtype)
    return last.reshape(x.shape[:1] + x.shape[2:])


def apply_mask(x: Array, mask: Array) -> Array:
    nothing = np.zeros(x.shape[2:], x.dtype)
    return np.asarray(ak.to_numpy(ak.fill_none(_masked(x, mask), nothing, axis=1)))


def lengths_from_mask(x: Array, mask: Array, *, by: str) -> Array:
    del x, by  # the count
    return np.asarray(ak.num(_lists(mask, mask), axis=1))


def pack(x: Array, mask: Array, *, order: str) -> Array:
    del order  # row by row
    packed = ak.to_numpy(ak.flatten(_lists(x, mask), axis=1))
    zeros = np.zeros((x.shape[0] * x.shape[1] - len(packed), *x.shape[2:]), x.dtype)
    return np.concatenate([packed, zeros]).reshape(x.shape)


def _lists(x: Array, mask: Array) -> Any:
    """Return each row's valid positions alone."""
    return ak.drop_none(ak.from_regular(_masked(x, mask)), axis=1)


def _masked(x: Array, mask: Array) -> Any:
    """Return ``x`` as an awkward array, missing where the mask is false."""
    return ak.mask(ak.Array(x), mask)


def _plain(x: Any, nothing: float, dtype: np.dtype[Any]) -> Array:
    """Return an awkward array as NumPy's, ``nothing`` where it has no value."""
    filled = ak.fill_none(x, nothing, axis=None)
    return np.asarray(ak.to_numpy(filled), dtype=dtype)
