"""The nan-skipping family fails `valid-nan`, whoever's it is, in every dtype it takes.

NumPy's own is always there; Bottleneck, Numbagg and xarray where they are installed.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.check.fixtures import Fixtures
from conformance.check.law import Effort, find_failure, find_law
from conformance.operations import load_operations
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from tests.reports.ask import wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial.adapter import Adapter

SEEDS = range(10)
OPERATIONS = {
    "masked_mean": "nanmean",
    "masked_variance": "nanvar",
    "masked_max": "nanmax",
    "masked_min": "nanmin",
    "masked_sum": "nansum",
}
DTYPES = {
    "numpy": ("float16", "float32", "float64"),
    "bottleneck": ("float16", "float32", "float64"),
    "numbagg": ("float32", "float64"),
    "xarray": ("float16", "float32", "float64"),
}
"""The dtypes in which a library skips NaN; Numbagg answers float16 with float32."""
IN_BFLOAT16 = ("masked_max", "masked_min")
"""What NumPy and Bottleneck skip NaN for in bfloat16 too; their sums see none there."""
TAKEN = [
    *(
        (each, dtype, operation)
        for each, dtypes in DTYPES.items()
        for dtype in dtypes
        for operation in OPERATIONS
    ),
    *(
        (each, "bfloat16", operation)
        for each in ("numpy", "bottleneck")
        for operation in IN_BFLOAT16
    ),
]


def of_module(library: str, name: str) -> Callable[..., Any]:
    """Return a library's function over axis 1, with the variance of a population."""
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    more = {"ddof": 0} if name == "nanvar" else {}
    return partial(getattr(module, name), axis=1, **more)


def of_xarray(library: str, name: str) -> Callable[..., Any]:
    """Return a reduction of a DataArray, which leaves NaN out unless told not to."""
    xarray = pytest.importorskip(library, reason=f"{library} is not installed")

    def reduce(x: Any) -> Any:
        array = xarray.DataArray(x)
        return getattr(array, name.removeprefix("nan"))(dim=array.dims[1]).values

    return reduce


def adapter(library: str, operation: str) -> Adapter:
    """Return the library's function with NaN put at padding, as it is used."""
    named = of_xarray if library == "xarray" else of_module
    reduce = named(library, OPERATIONS[operation])

    def reduce_masked(x: Any, mask: Any) -> Any:
        keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
        return np.asarray(reduce(np.where(keep, x, x.dtype.type(np.nan))))

    # Nothing is empty here: what a row without valid positions gives is not asked.
    return wrong(operation, reduce_masked)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # rows of NaN alone
@pytest.mark.parametrize(("library", "dtype", "operation"), TAKEN)
def test_a_function_that_skips_nan_fails_with_every_seed(
    library: str, dtype: str, operation: str
) -> None:
    skipping = adapter(library, operation)
    chosen = Selection(
        operations=(operation,), dtypes=(dtype,), checks=("*/valid-nan:*",)
    )
    checks = plan(skipping.declaration, load_operations(), {}, chosen)
    assert checks
    for check in checks:
        assert not check.unsupported
        for seed in SEEDS:
            sample, finding = find_failure(
                find_law(check), Fixtures(skipping, seed), check, Effort()
            )
            assert sample is not None, (check.id, seed)
            assert not finding.errored, finding.verdict.message
            assert "expected nan" in finding.verdict.message


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("library", DTYPES)
def test_without_nan_the_same_function_is_right(library: str, operation: str) -> None:
    right = adapter(library, operation)
    chosen = Selection(operations=(operation,), checks=("*/value:float64:*",))
    checks = plan(right.declaration, load_operations(), {}, chosen)
    assert checks
    for check in checks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            sample, finding = find_failure(
                find_law(check), Fixtures(right, 0), check, Effort()
            )
        assert sample is None, finding.verdict.message
