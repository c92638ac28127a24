"""The pool over an array namespace, with a place for each fault.

Written for mutants: the right pool is the one without a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import lengths, places, widen
from conformance.operations.conv1d.mutants_formulas import change_mask
from conformance.operations.strided_conv1d.mutants_formulas import Row, come_out

if TYPE_CHECKING:
    from collections.abc import Callable

FILLS = {"zero-in-windows": 0.0, "padding-is-minus-1e4": -1e4}
"""What is taken for minus infinity where the largest value is looked for."""


def correct(xp: Any, x: Any, mask: Any, **options: Any) -> Any:
    """Return the pool, zero behind the length that comes out."""
    return pool(xp, x, mask, **options)


def pool(  # noqa: PLR0913 - four keywords, and what may be wrong
    xp: Any,
    x: Any,
    mask: Any,
    *,
    of: str,
    padding: str,
    window: int,
    stride: int,
    fault: str = "",
    length: Callable[[Row], Any] = come_out,
    offset: Callable[[Row], int] | None = None,
) -> Any:
    """Return the pool; ``fault`` names what is wrong with it.

    Args:
        xp: The array namespace.
        x: The values ``[B, T, F]``.
        mask: The mask in any form.
        of: ``average`` or ``maximum``.
        padding: Where windows may reach over the row.
        window: Positions in a window.
        stride: Positions from one window to the next.
        fault: What is wrong with what stands in a window, or is made of it.
        length: Return how many positions come out of each row, ``[B, 1]``.
        offset: Return by how many positions all windows begin too late.
    """
    keep = change_mask(xp, x, mask, fault)
    covered = window - 1 if padding == "valid" else 0
    row = Row(
        xp=xp,
        n=lengths(xp, keep),
        time=x.shape[1],
        out=max(-(-(x.shape[1] - covered) // stride), 0),
        taps=window,
        reach=window - 1,
        stride=stride,
        padding=padding,
    )
    step = 1 if fault == "no-stride" else stride
    by = offset(row) if offset else 0

    def see(array: Any) -> list[Any]:
        return _see(xp, array, row, step, by)

    inside = xp.ones_like(keep)
    seen = see(_clean(xp, x, keep, fault))
    there = see((inside if fault == "no-mask-before" else keep)[..., None])
    here = (places(xp, keep)[:, : row.out] < length(row))[..., None]
    if (of == "average") != (fault == "the-other-pool"):
        divisor = _count(xp, seen, there, see(inside[..., None]), fault)
        found = _average(xp, seen, there, divisor, fault)
    else:
        found = _largest(xp, seen, there, fault)
    if fault not in {"no-mask-after", "masks-nothing", "nothing-of-nothing"}:
        found = xp.where(here, found, xp.zeros_like(found))
    return xp.astype(found, x.dtype)


def _see(xp: Any, array: Any, row: Row, step: int, by: int) -> list[Any]:
    """Return what stands at each place of the windows, ``[B, T', ...]`` each."""
    left = {"half": row.reach // 2, "causal": row.reach}.get(row.padding, 0)
    nothing = xp.zeros_like(array[:, :1])
    behind = row.taps + row.stride
    wide = xp.concat([*[nothing] * left, array, *[nothing] * behind], axis=1)
    return [wide[:, tap + by :: step][:, : row.out] for tap in range(row.taps)]


def _clean(xp: Any, x: Any, keep: Any, fault: str) -> Any:
    if fault == "writes-its-input":
        x[~keep] = 0
    if fault == "reads-memory":
        x = x.ravel(order="K").reshape(x.shape)
    wider = widen(xp, x)
    if fault == "no-nan":
        wider = xp.where(xp.isnan(wider), xp.zeros_like(wider), wider)
    if fault == "largest-magnitude":
        wider = xp.abs(wider)
    if fault in {"no-mask-before", "masks-nothing"}:
        return wider
    if fault == "multiplies":
        return wider * xp.astype(keep[..., None], wider.dtype)
    if fault == "adds-what-is-zero":
        # A right value: what is added at padding is zero, times NaN in the derivative.
        return xp.where(keep[..., None], wider, 0 * (wider * wider))
    return xp.where(keep[..., None], wider, 0.0)


def _count(xp: Any, seen: Any, there: Any, inside: Any, fault: str) -> Any:
    """Return what a window's sum is divided by."""
    counted = {
        "divides-by-the-window": [xp.ones_like(each) for each in there],
        "divides-by-the-padded-row": inside,
        "counts-what-is-not-zero": [each != 0 for each in seen],
    }.get(fault, there)
    number = sum(xp.astype(each, seen[0].dtype) for each in counted)
    empty = 0.0 if fault == "nothing-of-nothing" else 1.0
    return xp.where(number > 0, number, xp.full_like(number, empty))


def _average(xp: Any, seen: Any, there: Any, divisor: Any, fault: str) -> Any:
    if fault == "multiplies":
        return sum(seen) / divisor
    total = sum(xp.where(t, s, 0.0) for s, t in zip(seen, there, strict=True))
    return total if fault == "sums" else total / divisor


def _largest(xp: Any, seen: Any, there: Any, fault: str) -> Any:
    fill = FILLS.get(fault, -float("inf"))
    if fault == "multiplies":
        # NaN at padding stays, minus infinity is below all else.
        there = [t | xp.isnan(s) for s, t in zip(seen, there, strict=True)]
    each = [xp.where(t, s, fill) for s, t in zip(seen, there, strict=True)]
    found = xp.max(xp.stack(each, axis=0), axis=0)
    if fault == "nothing-of-nothing":
        return found
    some = xp.any(xp.stack(there, axis=0), axis=0)
    return xp.where(some, found, xp.zeros_like(found))
