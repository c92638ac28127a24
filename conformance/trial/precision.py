"""The precision of each dtype: the constants of every derived error bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from conformance.trial.batch import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The constants of one dtype.

    Attributes:
        u: Unit roundoff of the dtype that answers are stored in.
        v: Unit roundoff of the dtype that sums and counts are taken in; float16 and
            bfloat16 are storage formats, so theirs is float32's.
        eta: What underflow may cost: the smallest normal number, in float16 the
            smallest subnormal one, which hardware always keeps.
        smallest: The smallest subnormal number.
        largest: The largest finite number.
        low: Whether it is a storage format.
        factor: What bounds are multiplied by: 2 in float64, where the oracle itself
            rounds as the adapter does, else 1.
    """

    u: float
    v: float
    eta: float
    smallest: float
    largest: float
    low: bool = False
    factor: float = 1.0


PRECISIONS = {
    "float16": Precision(
        u=2.0**-11,
        v=2.0**-24,
        eta=2.0**-24,
        smallest=2.0**-24,
        largest=65504.0,
        low=True,
    ),
    "bfloat16": Precision(
        u=2.0**-8,
        v=2.0**-24,
        eta=2.0**-126,
        smallest=2.0**-133,
        largest=2.0**127 * (2 - 2.0**-7),
        low=True,
    ),
    "float32": Precision(
        u=2.0**-24,
        v=2.0**-24,
        eta=2.0**-126,
        smallest=2.0**-149,
        largest=2.0**127 * (2 - 2.0**-23),
    ),
    "float64": Precision(
        u=2.0**-53,
        v=2.0**-53,
        eta=2.0**-1022,
        smallest=2.0**-1074,
        largest=float(np.finfo(np.float64).max),
        factor=2.0,
    ),
}

_NUMPY = {"bfloat16": np.dtype(ml_dtypes.bfloat16)}


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return NumPy's dtype of that name, ``ml_dtypes.bfloat16`` included."""
    return _NUMPY.get(name) or np.dtype(name)


def dtype_name(array: Array) -> str:
    """Return the name of an array's dtype, as check ids write it."""
    return str(array.dtype.name)
