# /// script
# requires-python = ">=3.11"
# dependencies = ["scipy==1.17.1", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "SciPy's labelled measurements"
# library = "scipy"
# family = "Other"
# framework = "numpy"
# environment = "xarray"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "masked_median.lower" = "of an even number its median is the mean of two"
# "masked_std.1" = "its standard deviation has no ddof"
# ///
"""scipy.ndimage's measurements of labelled regions: each row has a label."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from scipy import ndimage

Array: TypeAlias = Any  # what ndimage gives: a number, an array or a list


@np.errstate(all="ignore")
def masked_mean(x: Array, mask: Array) -> Array:
    return _measure(ndimage.mean, x, mask)


@np.errstate(all="ignore")
def masked_max(x: Array, mask: Array) -> Array:
    return _measure(ndimage.maximum, x, mask)


@np.errstate(all="ignore")
def masked_min(x: Array, mask: Array) -> Array:
    return _measure(ndimage.minimum, x, mask)


@np.errstate(all="ignore")
def masked_sum(x: Array, mask: Array) -> Array:
    return _measure(ndimage.sum_labels, x, mask)


@np.errstate(all="ignore")
def masked_variance(x: Array, mask: Array) -> Array:
    return _measure(ndimage.variance, x, mask)


@np.errstate(all="ignore")
def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    del ddof  # it divides by the number of elements
    return _measure(ndimage.standard_deviation, x, mask)


@np.errstate(all="ignore")
def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    del middle  # their mean alone
    return _measure(ndimage.median, x, mask)


@np.errstate(all="ignore")
def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    find = {"max": ndimage.maximum_position, "min": ndimage.minimum_position}[of]
    rows, labels = _label(x, mask)
    places = find(rows, labels, range(1, len(rows) + 1))
    times = np.asarray([place[1] for place in places], np.int64)
    return times.reshape(x.shape[:1] + x.shape[2:])


def _measure(function: Any, x: Array, mask: Array) -> Array:
    """Return a measurement of each row's valid positions, for each feature."""
    rows, labels = _label(x, mask)
    found = function(rows, labels, range(1, len(rows) + 1))
    return np.asarray(found, x.dtype).reshape(x.shape[:1] + x.shape[2:])


def _label(x: Array, mask: Array) -> tuple[Array, Array]:
    """Return a row for each feature, and its number from 1 on, 0 at padding."""
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    each = len(rows) // max(len(mask), 1)
    numbers = np.arange(1, len(rows) + 1)[:, None]
    return rows, np.where(np.repeat(mask, each, axis=0), numbers, 0)
