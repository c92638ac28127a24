"""Where convolutions and pools read: windows of a padded row, in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.trial.batch import extent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array


class Reach(NamedTuple):
    """How far the windows of a variant reach.

    Attributes:
        taps: K, the kernel's length.
        dilation: Positions from one tap to the next.
        left: Zeros before the row.
        right: Zeros behind it.
        stride: Positions from one window to the next.
    """

    taps: int
    dilation: int
    left: int
    right: int
    stride: int = 1

    @property
    def whole(self) -> int:
        """Positions from a window's first tap to its last, R."""
        return (self.taps - 1) * self.dilation


def reach(options: Mapping[str, str], taps: int) -> Reach:
    """Return where a variant's windows begin and end."""
    dilation = int(options.get("dilation", 1))
    whole = (taps - 1) * dilation
    left = {"causal": whole, "valid": 0, "ahead": 0}.get(options["padding"], whole // 2)
    right = 0 if options["padding"] == "valid" else whole - left
    return Reach(taps, dilation, left, right, int(options.get("stride", 1)))


def windows(x: Array, at: Reach) -> Array:
    """Return what each answer reads of ``x [B, T, F]``, ``[B, T', K, F]``."""
    zeros = ((0, 0), (at.left, at.right), (0, 0))
    return np.asarray(np.pad(x, zeros)[:, _places(x.shape[1], at)])


def scatter(parts: Array, time: int, at: Reach) -> Array:
    """Return the sum of what windows say of each position: the transpose."""
    places = _places(time, at)
    width = time + at.left + at.right
    found = np.zeros((parts.shape[0], max(width, 1), parts.shape[3]))
    for tap in range(at.taps):
        found[:, places[:, tap]] += parts[:, :, tap]
    return np.asarray(found[:, at.left : at.left + time])


def counted_positions(options: Mapping[str, str], mask: Array, at: Reach) -> Array:
    """Return which positions of the answer count, ``[B, T']``."""
    if options["padding"] != "valid":
        return mask[:, :: at.stride]
    inside = extent(mask)
    length = max(mask.shape[1] - at.whole, 0)
    # A row is in one piece: a window is inside where both of its ends are.
    whole = inside[:, :length] & inside[:, at.whole :][:, :length]
    return np.asarray(whole[:, :: at.stride])


def _places(time: int, at: Reach) -> Array:
    length = max(time + at.left + at.right - at.whole, 0)
    starts = np.arange(0, length, at.stride)[:, None]
    return np.asarray(starts + at.dilation * np.arange(at.taps))
