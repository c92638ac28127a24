# /// script
# requires-python = ">=3.11"
# dependencies = ["thinc==9.1.1", "numpy==2.4.6"]
# [tool.mask-conformance]
# system = "Thinc"
# library = "thinc"
# family = "Other"
# framework = "numpy"
# environment = "thinc"
# dtypes = ["float32", "float64"]
# placements = ["right"]
# [tool.mask-conformance.empty]
# masked_max = "error"
# last_valid = "error"
# ///
"""Thinc's reductions over ragged rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from thinc.api import NumpyOps

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, np.dtype[Any]]

_OPS = NumpyOps()


def masked_mean(x: Array, mask: Array) -> Array:
    return _reduced(x, mask, _OPS.reduce_mean)


def masked_max(x: Array, mask: Array) -> Array:
    return _reduced(x, mask, lambda rows, lengths: _OPS.reduce_max(rows, lengths)[0])


def masked_sum(x: Array, mask: Array) -> Array:
    return _reduced(x, mask, _OPS.reduce_sum)


def last_valid(x: Array, mask: Array) -> Array:
    return _reduced(x, mask, lambda rows, lengths: _OPS.reduce_last(rows, lengths)[0])


def _reduced(x: Array, mask: Array, reduce: Callable[[Array, Array], Array]) -> Array:
    """Reduce the rows' own values one after the other; Thinc has no padding here."""
    ragged = np.ascontiguousarray(x.reshape(*x.shape[:2], -1)[mask])
    lengths = mask.sum(axis=1).astype(np.int32)
    return reduce(ragged, lengths).reshape(len(x), *x.shape[2:])
