"""Applied masks made wrong on purpose."""

# Each formula is described by the text of its mutant.
# ruff: noqa: D103

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import count, kept, over, wide
from conformance.operations._common.family import FLOATS, called, usual
from conformance.operations._common.mutant import Mutant, Mutants


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return x where the mask holds, zero elsewhere."""
    return called(masked, xp, x, mask)


def masked(xp: Any, x: Any, keep: Any) -> Any:
    return xp.where(over(keep, x), x, xp.zeros_like(x))


def _product(xp: Any, x: Any, mask: Any) -> Any:
    return x * xp.astype(over(kept(xp, x, mask), x), x.dtype)


def _filled(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    return xp.where(over(kept(xp, x, mask), x), x, xp.full_like(x, fill))


def _scaled(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    share = x.shape[1] / count(xp, keep, wide(xp, x)[:, 0])
    found = masked(xp, x, keep)
    return xp.astype(wide(xp, found) * share[:, None], x.dtype)


def _added(xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(over(kept(xp, x, mask), x), wider.dtype)
    return xp.astype(wider + (1 - weight) * -1e9, x.dtype)


def _feature_axis(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]: no other axis to mistake for time
        return masked(xp, x, keep)
    return xp.where(keep[:, None, : x.shape[2]], x, xp.zeros_like(x))


def _first_feature(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]
        return masked(xp, x, keep)
    features = xp.cumulative_sum(xp.astype(xp.ones_like(x), xp.int32), axis=2)
    return xp.where(over(keep, x) | (features > 1), x, xp.zeros_like(x))


def _through_bfloat16(xp: Any, x: Any, mask: Any) -> Any:
    # Seven bits of mantissa, as a cast to bfloat16 leaves them.
    mantissa, exponent = xp.frexp(wide(xp, correct(xp, x, mask)))
    return xp.astype(xp.ldexp(xp.round(mantissa * 256) / 256, exponent), x.dtype)


def _straight_through(xp: Any, x: Any, mask: Any) -> Any:
    bounded = xp.clip(x, -1e30, 1e30)
    return correct(xp, x, mask).detach() + (bounded - bounded.detach())


_mutant = partial(Mutant, operation="apply_mask")
MUTANTS = Mutants("apply_mask", correct)
MUTANTS.extend(
    (
        *usual("apply_mask", masked),
        _mutant(
            name="multiplies-by-the-mask",
            text="multiplies by the mask, so that infinity or NaN at padding gives NaN",
            clause="wild-padding",
            url="https://github.com/numpy/numpy/issues/8003",
            function=_product,
        ),
        _mutant(
            name="padding-is-tiny",
            text="puts 1e-9 at padding, not zero",
            clause="value",
            function=partial(_filled, 1e-9),
        ),
        _mutant(
            name="padding-is-minus-infinity",
            text="puts minus infinity at padding, which is right before a softmax only",
            clause="value",
            url="https://github.com/gabrielmittag/NISQA/issues/17",
            function=partial(_filled, float("-inf")),
        ),
        _mutant(
            name="adds-minus-1e9",
            text="adds -1e9 to padding, which is right before a softmax only",
            clause="value",
            url="https://github.com/pytorch/pytorch/issues/90534",
            function=_added,
        ),
        _mutant(
            name="scales-what-it-keeps",
            text="scales valid values by T over their number, as dropout does",
            clause="idempotent",
            function=_scaled,
        ),
        _mutant(
            name="mask-on-the-feature-axis",
            text="lays the mask along the feature axis, not along time",
            clause="value",
            url="https://github.com/keras-team/keras/pull/13867",
            function=_feature_axis,
        ),
        _mutant(
            name="first-feature-only",
            text="masks the first feature only",
            clause="value",
            function=_first_feature,
        ),
        _mutant(
            name="rounds-to-bfloat16",
            text="rounds what it keeps to bfloat16 on its way",
            clause="value",
            function=_through_bfloat16,
        ),
        _mutant(
            name="gradient-passes-the-mask",
            text="passes the gradient to padding as if nothing were masked",
            clause="gradient",
            kind="gradient",
            framework="torch",
            dtypes=FLOATS,
            function=_straight_through,
        ),
    )
)
