"""What a batch's array would be if each of its rows stood alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.align import Layout, RowLayout, layouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.align import Size
    from conformance.probe.arrangement import Arrangement, Array


def compose(
    array: Array,
    far: Sequence[tuple[int, ...]],
    sizes: Sequence[Size],
    arrangement: Arrangement,
    alone: Sequence[Array],
) -> Array | None:
    """Return a gradient of a batch made of its rows alone, zero at padding.

    What has no rows, such as a parameter, has the sum of the rows' gradients; what
    comes of all rows, such as a total, the same gradient as with one. It is None where
    the axes cannot be told.

    Args:
        array: The gradient in the batch.
        far: What shape it has in calls of other sizes.
        sizes: Rows and positions of the batch and of these calls.
        arrangement: The batch.
        alone: The same gradient of each row alone, trimmed.
    """
    for layout in layouts([array.shape, *far], sizes):
        kinds = Counter(factor.kind for axis in layout for factor in axis)
        if kinds["batch"] == 1:
            made = _put_rows(array.shape, layout, arrangement, alone)
            if made is not None:
                return made
        elif not kinds["batch"] and not kinds["time"] and not kinds["strided"]:
            if {each.shape for each in alone} != {array.shape}:
                return None
            same = all(np.array_equal(each, array) for each in alone)
            return array if same else np.sum(alone, axis=0)
    return None


def _put_rows(
    shape: tuple[int, ...],
    layout: Layout,
    arrangement: Arrangement,
    alone: Sequence[Array],
) -> Array | None:
    """Return an array of a shape with each row's part where the row stands."""
    made: Array | None = np.zeros(shape, alone[0].dtype)
    for row, (places, array) in enumerate(zip(arrangement.places, alone, strict=True)):
        whole = tuple(range(len(places)))
        by_itself = RowLayout(
            row=0, batch=1, time=len(places), places=whole, strided={}
        )
        inside = RowLayout(
            row=row,
            batch=arrangement.batch,
            time=arrangement.time,
            places=places,
            strided={},
        )
        part = by_itself.take(array, layout)
        if made is None or part is None:
            return None
        made = inside.put(made, layout, part)
    return made
