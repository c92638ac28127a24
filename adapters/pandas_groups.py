# /// script
# requires-python = ">=3.11"
# dependencies = ["pandas==3.1.1", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "pandas"
# library = "pandas"
# family = "Other"
# framework = "numpy"
# environment = "xarray"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# masked_cumsum = "zero"
# masked_cummax = "zero"
# "masked_topk.*" = "empty-row"
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# masked_max = "nan"
# masked_min = "nan"
# masked_prod = "one"
# masked_variance = "nan"
# "masked_std.*" = "nan"
# "masked_median.*" = "nan"
# "masked_arg.*" = "error"
# "masked_topk.*" = "nan"
# [tool.mask-conformance.unsupported]
# "masked_median.lower" = "of an even number its median is the mean of two"
# ///
"""pandas' aggregations of groups, a group for each row: NA where a mask is false."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def masked_mean(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).mean(), np.nan, x)


def masked_max(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).max(), np.nan, x)


def masked_min(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).min(), np.nan, x)


def masked_sum(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).sum(), np.nan, x)


def masked_prod(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).prod(), np.nan, x)


def masked_variance(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).var(ddof=0), np.nan, x)


def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return _plain(_groups(x, mask).std(ddof=ddof), np.nan, x)


def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    del middle  # their mean alone
    return _plain(_groups(x, mask).median(), np.nan, x)


def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    found = getattr(_groups(x, mask), f"idx{of}")().to_numpy(np.int64)
    # A label is the number's place among all lines.
    return (found % x.shape[1]).reshape(x.shape[:1] + x.shape[2:])


def masked_topk(x: Array, mask: Array, *, k: int) -> Array:
    largest = _groups(x, mask).nlargest(k)
    groups = largest.index.get_level_values(0)
    place = largest.groupby(level=0).cumcount().to_numpy()
    rows = x.shape[:1] + x.shape[2:]
    # Of a group that has fewer, or none, nothing comes.
    whole = pd.MultiIndex.from_product([range(int(np.prod(rows))), range(k)])
    found = largest.set_axis(pd.MultiIndex.from_arrays([groups, place])).reindex(whole)
    lines = found.to_numpy(x.dtype, na_value=np.nan).reshape(*rows, k)
    return np.moveaxis(lines, -1, 1)


def masked_cumsum(x: Array, mask: Array) -> Array:
    return _along(_groups(x, mask).cumsum(), x)


def masked_cummax(x: Array, mask: Array) -> Array:
    return _along(_groups(x, mask).cummax(), x)


def last_valid(x: Array, mask: Array) -> Array:
    return _plain(_groups(x, mask).last(), 0, x)


def _along(found: Any, x: Array) -> Array:
    """Return a number for each position, zero where there is none."""
    numbers = found.fillna(0).to_numpy(x.dtype)
    lines = numbers.reshape(x.shape[:1] + x.shape[2:] + x.shape[1:2])
    return np.moveaxis(lines, -1, 1)


def _groups(x: Array, mask: Array) -> Any:
    """Return the numbers by rows and features, NA where the mask is false."""
    lines = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    kept = np.repeat(mask, len(lines) // max(len(mask), 1), axis=0)
    numbers = pd.arrays.FloatingArray(lines.ravel().copy(), ~kept.ravel())
    groups = np.repeat(np.arange(len(lines)), x.shape[1])
    return pd.Series(numbers).groupby(groups)


def _plain(found: pd.Series, nothing: float, x: Array) -> Array:
    """Return what groups have come to, ``nothing`` where that is NA."""
    plain = found.to_numpy(x.dtype, na_value=nothing)
    # A batch without positions has no line, and so no group.
    if not plain.size:
        plain = np.full(x[:, :0].sum(axis=1).size, nothing, x.dtype)
    return plain.reshape(x.shape[:1] + x.shape[2:])
