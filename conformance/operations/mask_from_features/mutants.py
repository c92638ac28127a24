"""Masks from features made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import wide
from conformance.operations._common.family import mask_faults
from conformance.operations._common.mutant import Mutant, Mutants

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, x: Any) -> Any:
    """Return true where any feature is not zero."""
    return xp.any(x != 0, axis=-1)


def _changed(change: Callable[[Any, Any], Any], xp: Any, x: Any) -> Any:
    return change(xp, correct(xp, x))


def _to_the_first(xp: Any, keep: Any) -> Any:
    gone = xp.cumulative_sum(xp.astype(~keep, xp.int32), axis=1)
    return gone == 0


def _column(xp: Any, keep: Any) -> Any:
    return xp.expand_dims(keep, axis=2)


def _squeezed(xp: Any, keep: Any) -> Any:
    del xp
    return keep.reshape(tuple(size for size in keep.shape if size != 1))


def _like_the_input(xp: Any, x: Any) -> Any:
    return xp.astype(correct(xp, x), x.dtype)


def _all(xp: Any, x: Any) -> Any:
    return xp.all(x != 0, axis=-1)


def _first(xp: Any, x: Any) -> Any:
    del xp
    return x[..., 0] != 0


def _last(xp: Any, x: Any) -> Any:
    del xp
    return x[..., -1] != 0


def _sum(xp: Any, x: Any) -> Any:
    return xp.sum(wide(xp, x), axis=-1) != 0


def _positive(xp: Any, x: Any) -> Any:
    return ~xp.all(x <= 0, axis=-1)


def _squares(xp: Any, x: Any) -> Any:
    return xp.sum(x * x, axis=-1) != 0


def _threshold(xp: Any, x: Any) -> Any:
    return ~xp.all(xp.abs(wide(xp, x)) <= 1e-6, axis=-1)  # noqa: PLR2004 - what is wrong


def _signs(xp: Any, x: Any) -> Any:
    return xp.any((x != 0) | xp.signbit(wide(xp, x)), axis=-1)


def _no_nan(xp: Any, x: Any) -> Any:
    return xp.any((x != 0) & ~xp.isnan(x), axis=-1)


def _finite(xp: Any, x: Any) -> Any:
    return correct(xp, x) & ~xp.any(xp.isnan(x), axis=-1)


def _large_is_padding(xp: Any, x: Any) -> Any:
    return correct(xp, x) & xp.all(~(wide(xp, x) < -3e4), axis=-1)  # noqa: PLR2004


def _in_memory(xp: Any, x: Any) -> Any:
    return correct(xp, x.ravel(order="K").reshape(x.shape))


def _written(xp: Any, x: Any) -> Any:
    keep = correct(xp, x)
    x[~keep] = 1
    return keep


_mutant = partial(Mutant, operation="mask_from_features")
MUTANTS = Mutants("mask_from_features", correct)
MUTANTS.extend(
    (
        *mask_faults("mask_from_features", _changed),
        _mutant(
            name="stops-at-the-first-zeros",
            text="takes everything behind the first vector of zeros for padding",
            clause="gaps",
            function=partial(_changed, _to_the_first),
        ),
        _mutant(
            name="answers-like-its-input",
            text="answers with 1.0 and 0.0 in the input's dtype, not with booleans",
            clause="contract",
            function=_like_the_input,
        ),
        _mutant(
            name="answers-in-a-column",
            text="answers with a last axis of one",
            clause="value",
            url="https://kexue.fm/archives/6810",
            function=partial(_changed, _column),
        ),
        _mutant(
            name="squeezes-every-axis",
            text="squeezes every axis of length one, the batch's too",
            clause="length-one",
            function=partial(_changed, _squeezed),
        ),
        _mutant(
            name="all-features",
            text="asks that all features are not zero",
            clause="one-feature",
            function=_all,
        ),
        _mutant(
            name="first-feature",
            text="looks at the first feature alone",
            clause="one-feature",
            function=_first,
        ),
        _mutant(
            name="last-feature",
            text="looks at the last feature alone",
            clause="one-feature",
            function=_last,
        ),
        _mutant(
            name="sum-of-features",
            text="asks that the sum of the features is not zero",
            clause="features-that-cancel",
            function=_sum,
        ),
        _mutant(
            name="positive-features",
            text="asks for a feature above zero",
            clause="value",
            function=_positive,
        ),
        _mutant(
            name="sum-of-squares",
            text="asks that the sum of squares is not zero, which underflows",
            clause="tiny-features",
            function=_squares,
        ),
        _mutant(
            name="threshold",
            text="takes features of at most 1e-6 for zero",
            clause="tiny-features",
            function=_threshold,
        ),
        _mutant(
            name="negative-zero-counts",
            text="takes -0.0 for a number that is not zero",
            clause="negative-zero",
            function=_signs,
        ),
        _mutant(
            name="nan-is-zero",
            text="takes NaN for zero",
            clause="nan-counts",
            url="https://github.com/numpy/numpy/issues/12461",
            function=_no_nan,
        ),
        _mutant(
            name="nan-is-padding",
            text="takes every position with a NaN for padding",
            clause="nan-counts",
            function=_finite,
        ),
        _mutant(
            name="fill-is-padding",
            text="takes large negative numbers, a usual fill, for padding as well",
            clause="large-values",
            function=_large_is_padding,
        ),
        _mutant(
            name="reads-memory",
            text="reads memory in the order it lies in, not elements",
            clause="layout",
            url="https://github.com/pytorch/pytorch/issues/99638",
            function=_in_memory,
        ),
        _mutant(
            name="overwrites-its-input",
            text="writes 1 over padding in the caller's own features",
            clause="contract",
            url="https://github.com/pytorch/pytorch/issues/39639",
            function=_written,
        ),
    )
)
