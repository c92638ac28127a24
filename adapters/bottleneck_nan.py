# /// script
# requires-python = ">=3.11"
# dependencies = ["bottleneck==1.6.0", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "Bottleneck"
# library = "bottleneck"
# family = "Other"
# framework = "numpy"
# environment = "numbagg"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# masked_max = "nan"
# masked_min = "nan"
# masked_variance = "nan"
# "masked_std.*" = "nan"
# "masked_median.*" = "nan"
# "masked_arg.*" = "error"
# last_valid = "nan"
# [tool.mask-conformance.unsupported]
# "masked_median.lower" = "of an even number its median is the mean of two"
# ///
"""Bottleneck's reductions without NaN: what a mask excludes is NaN."""

from __future__ import annotations

from typing import Any, TypeAlias

import bottleneck as bn
import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def masked_mean(x: Array, mask: Array) -> Array:
    return np.asarray(bn.nanmean(_missing(x, mask), axis=1), x.dtype)


def masked_max(x: Array, mask: Array) -> Array:
    return np.asarray(bn.nanmax(_missing(x, mask), axis=1), x.dtype)


def masked_min(x: Array, mask: Array) -> Array:
    return np.asarray(bn.nanmin(_missing(x, mask), axis=1), x.dtype)


def masked_sum(x: Array, mask: Array) -> Array:
    return np.asarray(bn.nansum(_missing(x, mask), axis=1), x.dtype)


def masked_variance(x: Array, mask: Array) -> Array:
    return np.asarray(bn.nanvar(_missing(x, mask), axis=1), x.dtype)


def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return np.asarray(bn.nanstd(_missing(x, mask), axis=1, ddof=ddof), x.dtype)


def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    del middle  # their mean alone
    return np.asarray(bn.nanmedian(_missing(x, mask), axis=1), x.dtype)


def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    find = {"max": bn.nanargmax, "min": bn.nanargmin}[of]
    return np.asarray(find(_missing(x, mask), axis=1))


def last_valid(x: Array, mask: Array) -> Array:
    return np.asarray(bn.push(_missing(x, mask), axis=1)[:, -1])


def _missing(x: Array, mask: Array) -> Array:
    """Return ``x`` with NaN where the mask is false."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, np.asarray(np.nan, x.dtype))
