# /// script
# requires-python = ">=3.11"
# dependencies = ["xarray==2026.9.0", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "xarray"
# library = "xarray"
# family = "Other"
# framework = "numpy"
# environment = "xarray"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# masked_cumsum = "held"
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# masked_max = "nan"
# masked_min = "nan"
# masked_prod = "one"
# masked_variance = "nan"
# "masked_std.*" = "nan"
# "masked_median.*" = "nan"
# "masked_arg.*" = "error"
# weighted_mean = "nan"
# [tool.mask-conformance.unsupported]
# "masked_median.lower" = "of an even number its median is the mean of two"
# ///
"""xarray's reductions over one dimension: where a mask is false, NaN is missing."""

from __future__ import annotations

import warnings
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Callable

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def _quiet(function: Callable[..., Array]) -> Callable[..., Array]:
    """Leave out NumPy's warnings about rows without a number."""

    @wraps(function)
    def call(*tensors: Array, **keywords: Any) -> Array:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            return function(*tensors, **keywords)

    return call


@_quiet
def masked_mean(x: Array, mask: Array) -> Array:
    return _masked(x, mask).mean("time").to_numpy()


@_quiet
def masked_max(x: Array, mask: Array) -> Array:
    return _masked(x, mask).max("time").to_numpy()


@_quiet
def masked_min(x: Array, mask: Array) -> Array:
    return _masked(x, mask).min("time").to_numpy()


@_quiet
def masked_sum(x: Array, mask: Array) -> Array:
    return _masked(x, mask).sum("time").to_numpy()


@_quiet
def masked_prod(x: Array, mask: Array) -> Array:
    return _masked(x, mask).prod("time").to_numpy()


@_quiet
def masked_variance(x: Array, mask: Array) -> Array:
    return _masked(x, mask).var("time").to_numpy()


@_quiet
def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return _masked(x, mask).std("time", ddof=ddof).to_numpy()


@_quiet
def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    del middle  # their mean alone
    return _masked(x, mask).median("time").to_numpy()


@_quiet
def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    found: Any = getattr(_masked(x, mask), f"arg{of}")("time")
    return np.asarray(found.to_numpy())


@_quiet
def masked_cumsum(x: Array, mask: Array) -> Array:
    return _masked(x, mask).cumsum("time").to_numpy()


@_quiet
def weighted_mean(x: Array, weight: Array, mask: Array) -> Array:
    # Missing weights are refused; it says to make them zero.
    shares = _masked(weight, mask).fillna(0)
    return _masked(x, mask).weighted(shares).mean("time").to_numpy()


def _masked(x: Array, mask: Array) -> xr.DataArray:
    """Return ``x`` with its axes named, missing where the mask is false."""
    names = ("row", "time", "feature")[: x.ndim]
    return xr.DataArray(x, dims=names).where(xr.DataArray(mask, dims=names[:2]))
