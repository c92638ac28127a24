"""The convolution with a stride over an array namespace, and lengths gone wrong.

Written for mutants: a convolution's own faults are ``conv1d``'s, at what is kept.
"""

# ruff: noqa: PLR0917 - as many arguments as the operation has

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.operations._common.arrays import lengths, places, through_bfloat16
from conformance.operations.conv1d.mutants_formulas import change_mask, convolution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Row(NamedTuple):
    """What a length may be made of, right or wrong.

    Attributes:
        xp: The array namespace.
        n: Each row's number of valid positions, ``[B, 1]``.
        time: T, padding included.
        out: T', the positions that come out of T.
        taps: K, the kernel's length.
        reach: R, positions from a window's first tap to its last.
        stride: Positions from one window to the next.
        padding: Zeros beside the row.
    """

    xp: Any
    n: Any
    time: int
    out: int
    taps: int
    reach: int
    stride: int
    padding: str


def come_out(row: Row, reach: int | None = None) -> Any:
    """Return how many positions come out of each row, rightly."""
    if row.padding == "valid":
        reach = row.reach if reach is None else reach
        return (row.n - reach - 1) // row.stride + 1
    return _divide_up(row.n, row.stride)


def correct(xp: Any, x: Any, mask: Any, *weights: Any, **options: Any) -> Any:
    """Return the answers, zero behind the length that comes out."""
    return subsample(xp, x, mask, *weights, **options)


def subsample(
    xp: Any,
    x: Any,
    mask: Any,
    kernel: Any,
    bias: Any,
    *,
    padding: str,
    stride: int,
    dilation: int,
    fault: str = "",
) -> Any:
    """Return a convolution at every so many positions; ``fault`` is ``conv1d``'s."""
    every = convolution(
        xp,
        x,
        mask,
        kernel,
        bias,
        padding="same" if padding == "half" else padding,
        dilation=dilation,
        fault=fault,
    )
    return every[:, ::stride]


def with_length(
    length: Callable[[Row], Any],
    xp: Any,
    x: Any,
    mask: Any,
    kernel: Any,
    bias: Any,
    **options: Any,
) -> Any:
    """Return the answers, as many of each row as ``length`` says."""
    keep, stride = change_mask(xp, x, mask, ""), options["stride"]
    every = subsample(xp, x, mask, kernel, bias, **options, fault="no-mask-after")
    row = Row(
        xp=xp,
        n=lengths(xp, keep),
        time=x.shape[1],
        out=every.shape[1],
        taps=kernel.shape[0],
        reach=(kernel.shape[0] - 1) * options["dilation"],
        stride=stride,
        padding=options["padding"],
    )
    there = places(xp, keep)[:, : row.out] < length(row)
    return xp.where(there[..., None], every, xp.zeros_like(every))


def moved(
    offset: Callable[[Row], int],
    xp: Any,
    x: Any,
    mask: Any,
    kernel: Any,
    bias: Any,
    **options: Any,
) -> Any:
    """Return right lengths of answers whose windows all begin so much later."""
    keep = change_mask(xp, x, mask, "")
    row = Row(
        xp=xp,
        n=lengths(xp, keep),
        time=x.shape[1],
        out=0,
        taps=kernel.shape[0],
        reach=(kernel.shape[0] - 1) * options["dilation"],
        stride=options["stride"],
        padding=options["padding"],
    )
    right = subsample(xp, x, mask, kernel, bias, **options)
    by = offset(row)
    if not by or not right.shape[1]:
        return right
    # Positions behind the padded row, so that every window has a later one.
    more = [xp.zeros_like(x[:, :1])] * by
    longer = xp.concat([x, *more], axis=1)
    there = xp.concat([keep, *[xp.zeros_like(keep[:, :1])] * by], axis=1)
    dense = subsample(
        xp,
        longer,
        there,
        kernel,
        bias,
        **{**options, "stride": 1},
        fault="no-mask-after",
    )
    found = dense[:, by :: options["stride"]][:, : right.shape[1]]
    counts = places(xp, keep)[:, : right.shape[1]] < come_out(row)
    return xp.where(counts[..., None], found, xp.zeros_like(found))


def _divide_up(number: Any, by: int) -> Any:
    return (number + by - 1) // by


def _divide_to_zero(row: Row) -> Any:
    short = row.n - row.reach - 1
    towards = row.xp.where(short < 0, -(-short // row.stride), short // row.stride)
    return towards + 1


def _share(row: Row) -> Any:
    longest = row.xp.max(row.n, axis=0, keepdims=True)
    share = row.xp.astype(row.n, row.xp.float32) / row.xp.where(longest > 0, longest, 1)
    return row.xp.round(share * row.out)


def _wrap(row: Row) -> Any:
    return (come_out(row) + 128) % 256 - 128


def _in_bfloat16(row: Row) -> Any:
    found = row.xp.astype(come_out(row), row.xp.float32)
    return through_bfloat16(row.xp, found)


def _touching(row: Row) -> Any:
    left = row.reach if row.padding == "causal" else row.reach // 2
    return row.xp.where(row.n > 0, _divide_up(row.n + left, row.stride), 0)


LENGTHS: Mapping[str, Callable[[Row], Any]] = MappingProxyType(
    {
        "mask-sliced-by-the-stride": lambda row: _divide_up(row.n, row.stride),
        "length-over-stride": lambda row: row.n // row.stride,
        "rounds-the-length-up": lambda row: (
            _divide_up(row.n - row.reach - 1, row.stride) + 1
        ),
        "one-too-few": lambda row: come_out(row) - 1,
        "one-too-many": lambda row: come_out(row) + 1,
        "divides-to-zero": _divide_to_zero,
        "at-least-one": lambda row: row.xp.where(come_out(row) < 1, 1, come_out(row)),
        "share-of-the-longest": _share,
        "length-of-the-input": lambda row: row.n,
        "no-dilation-in-the-length": lambda row: come_out(row, row.taps - 1),
        "windows-that-touch": _touching,
        "length-in-int8": _wrap,
        "length-in-bfloat16": _in_bfloat16,
    }
)
"""Lengths that people have taken, ``[B, 1]``; each is wrong for some variants."""


def _left_by_time(row: Row) -> int:
    out = -(-row.time // row.stride)
    whole = max((out - 1) * row.stride + row.reach + 1 - row.time, 0)
    return row.reach // 2 - whole // 2


def _end_by_time(row: Row) -> int:
    reach = row.reach if row.padding == "valid" else 0
    return max(row.time - reach - 1, 0) % row.stride


OFFSETS: Mapping[str, Callable[[Row], int]] = MappingProxyType(
    {
        "left-by-the-padded-length": _left_by_time,
        "windows-from-the-end": _end_by_time,
        "a-stride-less-before": lambda row: row.stride - 1,
    }
)
"""Positions by which people have begun all windows too late."""
