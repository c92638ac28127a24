# /// script
# requires-python = ">=3.11"
# dependencies = ["scipy==1.17.1", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "SciPy's statistics"
# library = "scipy"
# family = "Other"
# framework = "numpy"
# environment = "xarray"
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
# masked_logsumexp = "negative-infinity"
# ///
"""SciPy's statistics that omit NaN, and its logsumexp with weights of zero."""

from __future__ import annotations

import warnings
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from collections.abc import Callable

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
OMIT: dict[str, Any] = {"axis": 1, "nan_policy": "omit"}


def _quiet(function: Callable[..., Array]) -> Callable[..., Array]:
    """Leave out warnings about rows without a number."""

    @wraps(function)
    def call(*tensors: Array, **keywords: Any) -> Array:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return function(*tensors, **keywords)

    return call


@_quiet
def masked_mean(x: Array, mask: Array) -> Array:
    return np.asarray(stats.tmean(_missing(x, mask), **OMIT), x.dtype)


@_quiet
def masked_max(x: Array, mask: Array) -> Array:
    return np.asarray(stats.tmax(_missing(x, mask), **OMIT), x.dtype)


@_quiet
def masked_min(x: Array, mask: Array) -> Array:
    return np.asarray(stats.tmin(_missing(x, mask), **OMIT), x.dtype)


@_quiet
def masked_variance(x: Array, mask: Array) -> Array:
    return np.asarray(stats.tvar(_missing(x, mask), ddof=0, **OMIT), x.dtype)


@_quiet
def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return np.asarray(stats.tstd(_missing(x, mask), ddof=ddof, **OMIT), x.dtype)


@_quiet
def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    method = {"lower": "inverted_cdf", "mean": "averaged_inverted_cdf"}[middle]
    found = stats.quantile(_missing(x, mask), 0.5, method=method, **OMIT)
    return np.asarray(found, x.dtype)


@_quiet
def masked_logsumexp(x: Array, mask: Array) -> Array:
    found: Any = special.logsumexp(x, axis=1, b=mask)
    return np.asarray(found, x.dtype)


def _missing(x: Array, mask: Array) -> Array:
    """Return ``x`` with NaN where the mask is false."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, np.asarray(np.nan, x.dtype))
