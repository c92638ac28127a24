"""Provide the suite's inputs as Hypothesis strategies.

from hypothesis import given
from conformance import strategies

@given(strategies.batches("masked_mean"))
def test_my_mean_ignores_padding(batch):
    x, mask = batch.arrays["x"], batch.mask
    ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from conformance.errors import UnknownNameError, UsageError
from conformance.operations import load_operations, load_oracle
from conformance.trial.batch import Batch
from conformance.trial.sample import cast, draw_beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.specification import Variant
    from conformance.trial.batch import Array
    from conformance.trial.draw import Table


_AXES = 3
"""Axes of ``x`` where its last one is features."""


class HypothesisDraw:
    """Make the choices of ``conformance.trial.draw.Draw`` by Hypothesis.

    Args:
        draw: Given by Hypothesis to a composite strategy.
        turn: Selects one of the shapes that generators alternate between.
    """

    def __init__(self, draw: st.DrawFn, turn: int) -> None:
        self._draw = draw
        self.turn = turn

    def below(self, high: int, shape: int | Sequence[int]) -> Array:
        """Return integers from 0 to ``high - 1``."""
        return self._array(np.int64, shape, st.integers(0, high - 1))

    def of(self, choices: Sequence[float], shape: int | Sequence[int]) -> Array:
        """Return numbers from ``choices``."""
        return self._array(np.float64, shape, st.sampled_from(list(choices)))

    def rows_of(self, table: Table, shape: Sequence[int]) -> Array:
        """Return numbers from the table, or others in its range."""
        numbers = sorted({number for tier in table for number in tier}, key=abs)
        between = st.floats(min(numbers), max(numbers), width=16)
        return self._array(np.float64, shape, st.sampled_from(numbers) | between)

    def _array(self, dtype: Any, shape: Any, elements: Any) -> Array:
        size = (shape,) if isinstance(shape, int) else tuple(shape)
        drawn: Array = self._draw(npst.arrays(dtype, size, elements=elements))
        return drawn


class BytesDraw:
    """Make the same choices from one draw of bytes per array.

    This is ten times as fast as element by element, but Hypothesis shrinks it less
    well, so it is for searches that shrink failures themselves.

    Args:
        draw: Given by Hypothesis to a composite strategy.
        turn: Selects one of the shapes that generators alternate between.
    """

    def __init__(self, draw: st.DrawFn, turn: int) -> None:
        self._draw = draw
        self.turn = turn

    def below(self, high: int, shape: int | Sequence[int]) -> Array:
        """Return integers from 0 to ``high - 1``."""
        return self._words(shape).astype(np.int64) % high

    def of(self, choices: Sequence[float], shape: int | Sequence[int]) -> Array:
        """Return numbers from ``choices``."""
        table = np.asarray(choices, dtype=np.float64)
        return np.asarray(table[self.below(len(table), shape)])

    def rows_of(self, table: Table, shape: Sequence[int]) -> Array:
        """Return numbers from the table, or others in its range."""
        numbers = sorted({number for tier in table for number in tier}, key=abs)
        chosen = self.of(numbers, shape)
        between = self._words(shape).view(np.float16).astype(np.float64)
        inside = (between >= min(numbers)) & (between <= max(numbers))  # not NaN
        return np.where(inside & (self.below(2, shape) == 1), between, chosen)

    def _words(self, shape: int | Sequence[int]) -> Array:
        size = 2 * int(np.prod(shape))
        raw = self._draw(st.binary(min_size=size, max_size=size))
        return np.frombuffer(raw, dtype="<u2").astype(np.uint16).reshape(shape)


@st.composite
def masks(draw: st.DrawFn, *, rows: int, time: int, placement: str = "right") -> Array:
    """Return masks ``[rows, time]`` with at least one valid position in each row.

    Args:
        draw: Given by Hypothesis.
        rows: Number of rows.
        time: Number of positions, padding included.
        placement: Where padding may be: right, left or gaps.

    Raises:
        UnknownNameError: The placement does not exist.
    """
    if placement == "gaps":
        mask: Array = draw(npst.arrays(np.bool_, (rows, time)))
        first = draw(st.lists(st.integers(0, time - 1), min_size=rows, max_size=rows))
        mask[np.arange(rows), first] = True
        return mask
    if placement not in {"right", "left"}:
        raise UnknownNameError("placement", placement, ("right", "left", "gaps"))
    lengths = draw(st.lists(st.integers(1, time), min_size=rows, max_size=rows))
    right = np.arange(time) < np.asarray(lengths)[:, None]
    # A copy: torch.tensor takes no array of negative strides.
    return right if placement == "right" else right[:, ::-1].copy()


@st.composite
def batches(
    draw: st.DrawFn,
    variant: str,
    *,
    dtype: str = "float32",
    placement: str = "right",
    max_rows: int = 3,
    times: Sequence[int] = (1, 2, 3, 4, 5),
    features: int | None = None,
    quick: bool = False,
) -> Batch:
    """Return batches for an operation or one variant of it, with garbage at padding.

    Args:
        draw: Given by Hypothesis.
        variant: A variant, such as ``masked_mean`` or ``birnn.lstm.concat.final``, or
            an operation, such as ``birnn``, for any of its variants.
        dtype: The dtype of the floating arrays.
        placement: Where padding may be: right, left or gaps.
        max_rows: Maximum number of rows.
        times: The possible numbers of positions.
        features: How wide ``x`` is; as the suite has it by default.
        quick: Draw arrays as bytes, for a search that shrinks failures itself.

    Raises:
        UnknownNameError: The variant does not exist.
        UsageError: The operation has more than ``x``, so its width is not free.
    """
    found = draw(st.sampled_from(variants_named(variant)))
    oracle = load_oracle(found.operation)
    rows, time = draw(st.integers(1, max_rows)), draw(st.sampled_from(list(times)))
    mask = draw(masks(rows=rows, time=time, placement=placement))
    chooser = BytesDraw if quick else HypothesisDraw
    choices: Any = chooser(draw, draw(st.integers(0, 1)))
    if features is None:
        arrays = oracle.generate(found.options, choices, mask)
    else:
        arrays = {"x": _generate_wide(found, choices, mask, features)}
    weights = {}
    if hasattr(oracle, "generate_weights"):
        weights = oracle.generate_weights(found.options, choices)
    beside = draw_beside(oracle, found, choices, mask)
    drawn = Batch(arrays=arrays, mask=mask, beside=beside, weights=weights)
    return cast(drawn, dtype)


def _generate_wide(variant: Variant, choices: Any, mask: Array, features: int) -> Array:
    """Return ``x`` as an operation's oracle draws it, so many features wide."""
    oracle, parts, width = load_oracle(variant.operation), list[Any](), 0
    for turn in (0, 1):  # some operations are also asked without features
        choices.turn = turn
        arrays = oracle.generate(variant.options, choices, mask)
        if set(arrays) == {"x"} and arrays["x"].ndim == _AXES:
            break
    else:
        arrays = {}
    if not arrays or hasattr(oracle, "generate_weights"):
        msg = (
            f"features of {variant.name}: got a width, expected none, since the width "
            "belongs to its weights or other inputs; leave features out"
        )
        raise UsageError(msg)
    while width < features:
        parts.append(oracle.generate(variant.options, choices, mask)["x"])
        width += parts[-1].shape[-1]
    wide: Array = np.concatenate(parts, axis=-1)[..., :features]
    return np.ascontiguousarray(wide)


def variants_named(name: str) -> list[Variant]:
    """Return the variant of a name, or all those of an operation.

    Raises:
        UnknownNameError: There is neither.
    """
    operation = load_operations().get(name)
    return list(operation.variants) if operation else [variant_named(name)]


def variant_named(name: str) -> Variant:
    """Return the variant of a name.

    Raises:
        UnknownNameError: The variant does not exist.
    """
    found = {
        variant.name: variant
        for operation in load_operations().values()
        for variant in operation.variants
    }
    if name not in found:
        raise UnknownNameError("variant", name, found)
    return found[name]
