# /// script
# requires-python = ">=3.11"
# dependencies = ["polars==2.1.0", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "Polars"
# library = "polars"
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
# "masked_topk.*" = "nan"
# [tool.mask-conformance.unsupported]
# "masked_median.lower" = "of an even number its median is the mean of two"
# ///
"""Polars' aggregations of groups, a group for each row: null where a mask is false."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import polars as pl

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def masked_mean(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").mean(), x, mask, np.nan)


def masked_max(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").nan_max(), x, mask, np.nan)


def masked_min(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").nan_min(), x, mask, np.nan)


def masked_sum(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").sum(), x, mask, np.nan)


def masked_prod(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").product(), x, mask, np.nan)


def masked_variance(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").var(ddof=0), x, mask, np.nan)


def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return _aggregate(pl.col("x").std(ddof=ddof), x, mask, np.nan)


def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    del middle  # their mean alone
    return _aggregate(pl.col("x").median(), x, mask, np.nan)


def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    found = {"max": pl.col("x").arg_max(), "min": pl.col("x").arg_min()}[of]
    return _aggregate(found.cast(pl.Int64), x, mask, -1)


def masked_topk(x: Array, mask: Array, *, k: int) -> Array:
    # Of the order in which they come nothing is promised.
    largest = pl.col("x").top_k(k).sort(descending=True, nulls_last=True)
    groups = _frame(x, mask).group_by("group", maintain_order=True).agg(largest)
    places = pl.col("x").list.gather(list(range(k)), null_on_oob=True)
    found = groups.select(places.explode().fill_null(np.nan)).to_series().to_numpy()
    lines = found.reshape(*x.shape[:1], *x.shape[2:], k)
    return np.moveaxis(lines, -1, 1).astype(x.dtype)


def masked_cumsum(x: Array, mask: Array) -> Array:
    return _along(pl.col("x").cum_sum(), x, mask)


def masked_cummax(x: Array, mask: Array) -> Array:
    return _along(pl.col("x").cum_max(), x, mask)


def _along(what: pl.Expr, x: Array, mask: Array) -> Array:
    """Return a number for each position, zero where there is none."""
    numbers = what.over("group").fill_null(0)
    found = _frame(x, mask).select(numbers).to_series().to_numpy()
    lines = found.reshape(x.shape[:1] + x.shape[2:] + x.shape[1:2])
    return np.moveaxis(lines, -1, 1).astype(x.dtype)


def last_valid(x: Array, mask: Array) -> Array:
    return _aggregate(pl.col("x").drop_nulls().last(), x, mask, 0)


def _aggregate(what: pl.Expr, x: Array, mask: Array, nothing: float) -> Array:
    """Return an aggregation of each group, ``nothing`` where it is null."""
    groups = _frame(x, mask).group_by("group", maintain_order=True)
    found = groups.agg(what.fill_null(nothing).alias("found"))["found"].to_numpy()
    # A batch without positions has no line, and so no group.
    if not found.size:
        found = np.full(x[:, :0].sum(axis=1).size, nothing)
    dtype = x.dtype if np.issubdtype(found.dtype, np.floating) else found.dtype
    return found.reshape(x.shape[:1] + x.shape[2:]).astype(dtype)


def _frame(x: Array, mask: Array) -> pl.DataFrame:
    """Return a line for each number, null where the mask is false."""
    lines = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    kept = np.repeat(mask, len(lines) // max(len(mask), 1), axis=0)
    groups = np.repeat(np.arange(len(lines)), x.shape[1])
    frame = pl.DataFrame({"group": groups, "x": lines.ravel(), "kept": kept.ravel()})
    return frame.with_columns(x=pl.when("kept").then("x"))
