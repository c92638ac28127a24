# /// script
# requires-python = ">=3.11"
# dependencies = ["awkward==2.14.0", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "Awkward Array"
# library = "awkward"
# family = "Other"
# role = "variant"
# framework = "numpy"
# environment = "xarray"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# unsupported = { "unpack.steps" = "its lists go row by row" }
# ///
"""Awkward Array's lists of different lengths, padded to one length."""

from __future__ import annotations

from typing import Any, TypeAlias

import awkward as ak
import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def unpack(values: Array, x: Array, mask: Array, *, order: str) -> Array:
    del order  # row by row
    flat = values.reshape(-1, *values.shape[2:])
    lists = ak.unflatten(flat[: mask.sum()], mask.sum(axis=1))
    padded = ak.pad_none(lists, x.shape[1], axis=1, clip=True)
    nothing = np.zeros(values.shape[2:], values.dtype)
    return np.asarray(ak.to_numpy(ak.fill_none(padded, nothing, axis=1)))
