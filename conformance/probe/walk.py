"""Walk two runs side by side: where does a value first differ that should not?

The second run is put right as it goes: where an operation's inputs agree at valid
positions and its result does not, that is an origin, and the first run's result takes
its place at the valid positions. So one walk finds every origin, and what the model
then answers shows whether they were all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from conformance.probe.align import Factor, Layout, layouts
from conformance.probe.runs import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.arrangement import Array
    from conformance.probe.runs import Runs
    from conformance.probe.trace import Site

_ROWS = Factor("batch")

State = Literal["agrees", "differs", "unknown"]


class Walk:
    """Compares a second run with the first while it goes on.

    Args:
        runs: The other runs.
        leave: Places that are left as they are, although they are origins.

    Attributes:
        origins: Where differences came in.
        unknown: Operations that could not be compared.
        lost: The first operation whose inputs differ without an origin before it.
        blind: Whether some could not be compared before the first origin.
    """

    def __init__(self, runs: Runs, leave: Sequence[object] = ()) -> None:
        self.runs = runs
        self.origins: list[Origin] = []
        self.unknown: list[Site] = []
        self.lost: Site | None = None
        self.blind = False
        self._leave = set(leave)
        self._states: dict[int, State] = {}

    def edit(
        self, site: Site, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> Sequence[Array] | None:
        """Compare an operation; put its results right where they start to differ."""
        mine = self.runs.by_key.get(site.key)
        far = self.runs.by_structure.get(site.key)
        if mine is None or far is None or len(mine.outputs) != len(outputs):
            self.unknown.append(site)
            return None
        agree = self._inputs_agree(site, mine, far, inputs)
        if agree == "differs":
            if self.lost is None and not self._may_explain(site):
                self.lost = site
            return None
        fresh = list(outputs)
        changed = False
        for at, output in enumerate(outputs):
            state, better = self._result(site, mine, far, at, output, inputs)
            if state == "unknown":
                self.unknown.append(site)
            elif state == "differs" and better is not None and agree == "agrees":
                fresh[at], changed = better, True
        leave = bool(self._leave & {site.place, site.place[1:]})
        return fresh if changed and not leave else None

    def _may_explain(self, site: Site) -> bool:
        """Tell whether an origin that was left as it is may be why inputs differ."""
        return bool(self._leave) or site is None

    def _inputs_agree(
        self, site: Site, mine: Site, far: Site, inputs: Sequence[Array]
    ) -> State:
        """Say whether the numbers that go in agree; whole numbers do not count."""
        if len(mine.inputs) != len(inputs) or len(far.inputs) != len(inputs):
            return "unknown"
        states: list[State] = []
        for at, array in enumerate(inputs):
            if array.dtype.kind != "f":
                continue
            number = site.inputs[at]
            if number not in self._states:
                first = self.runs.first.values[mine.inputs[at]]
                shape = self.runs.structure.values[far.inputs[at]].shape
                alone = self._alone(site, at, inputs=True)
                state, *_ = self.match(first, array, shape, alone)
                self._states[number] = state
            states.append(self._states[number])
        if "differs" in states:
            return "differs"
        return "unknown" if "unknown" in states else "agrees"

    def _alone(self, site: Site, at: int, *, inputs: bool) -> tuple[int, ...]:
        """Return the shape that the row alone has there."""
        there = self.runs.by_alone.get(site.key)
        if there is None:
            return ()
        numbers = there.inputs if inputs else there.outputs
        return self.runs.alone.values[numbers[at]].shape if at < len(numbers) else ()

    def _result(  # noqa: PLR0917 - an operation in all runs
        self,
        site: Site,
        mine: Site,
        far: Site,
        at: int,
        output: Array,
        inputs: Sequence[Array],
    ) -> tuple[State, Array | None]:
        """Compare one result; return a better one where it differs."""
        first = self.runs.first.values[mine.outputs[at]]
        if output.dtype.kind != "f" or first.dtype.kind != "f":
            return "agrees", None
        shape = self.runs.structure.values[far.outputs[at]].shape
        alone = self._alone(site, at, inputs=False)
        state, layout, gap, scale, better = self.match(first, output, shape, alone)
        if not self.origins:
            self.blind = bool(self.unknown)
        if state == "differs" and layout is not None and gap is not None:
            self.origins.append(
                Origin(
                    site=site,
                    result=at,
                    layout=layout,
                    gap=gap,
                    size=float(np.max(np.abs(gap), initial=0)),
                    scale=scale,
                    shape=output.shape,
                    batched=any(f.kind == "batch" for axis in layout for f in axis),
                    fed=self._takes_rows(mine),
                    sequences=self._takes_positions(mine, far, inputs),
                    same_rows=_same_rows(first, layout),
                )
            )
        return state, better

    def _takes_rows(self, mine: Site) -> bool:
        """Tell whether an array with an axis of rows goes in."""
        rows = self.runs.arrangements[0].batch
        values = self.runs.first.values
        return any(rows in values[number].shape for number in mine.inputs)

    def _takes_positions(self, mine: Site, far: Site, inputs: Sequence[Array]) -> bool:
        """Tell whether an array that has positions goes in, or may have."""
        for here, there, array in zip(mine.inputs, far.inputs, inputs, strict=True):
            shapes = [
                self.runs.first.values[here].shape,
                array.shape,
                self.runs.structure.values[there].shape,
            ]
            ways = layouts(shapes, self.runs.call_sizes)
            # The likeliest way: rows may grow by as many as positions do.
            kinds = {f.kind for axis in ways[0] for f in axis} if ways else {"time"}
            if kinds & {"time", "strided"}:
                return True
        return False

    def match(
        self,
        first: Array,
        second: Array,
        structure: tuple[int, ...],
        alone: tuple[int, ...],
    ) -> tuple[State, Layout | None, Array | None, float, Array | None]:
        """Compare two arrays in every way that their axes may be read.

        They agree if they agree in one way: a wrong way to read random numbers does
        not agree by chance.
        """
        best: tuple[State, Layout | None, Array | None, float, Array | None]
        best = ("unknown", None, None, 0.0, None)
        shapes = [first.shape, second.shape, structure]
        alike = first.shape == second.shape
        alike = alike and _equal(first, second, self.runs.tolerance)
        if alike and self.runs.places[0] == self.runs.places[1]:
            return "agrees", None, None, 0.0, None
        for layout in layouts(shapes, self.runs.call_sizes):
            if self._hides_time(layout, first.shape):
                continue
            strided = _strided(layout, (first.shape, second.shape), alone)
            one, two = self.runs.views(strided)
            a, b = one.take(first, layout), two.take(second, layout)
            if a is None or b is None or a.shape != b.shape:
                continue
            if _equal(a, b, self.runs.tolerance):
                return "agrees", layout, None, 0.0, None
            if best[0] == "unknown" and not _may_begin_elsewhere(layout):
                finite = np.isfinite(a) & np.isfinite(b)
                gap = np.where(
                    finite, np.where(finite, b, 0) - np.where(finite, a, 0), 0
                )
                gap = np.where(np.isfinite(a) != np.isfinite(b), np.inf, gap)
                scale = float(np.max(np.abs(a[np.isfinite(a)]), initial=0))
                better = two.put(second, layout, a)
                best = ("differs", layout, gap, scale, better)
        if alike and best[0] == "unknown":
            return "agrees", None, None, 0.0, None
        return best

    def _hides_time(self, layout: Layout, shape: tuple[int, ...]) -> bool:
        """Tell whether a model may have padded time itself, to a length of its own.

        An axis as long in every run that is longer than T and no size of a parameter
        may hold positions in an order that is not known.
        """
        longest = max(time for _, time in self.runs.call_sizes)
        sizes = self.runs.sizes
        return any(
            axis == (axis[0],)
            and axis[0].kind == "other"
            and shape[at] >= longest
            and bool(sizes)
            and not _is_composed(shape[at], sizes)
            for at, axis in enumerate(layout)
        )


def _is_composed(length: int, sizes: frozenset[int]) -> bool:
    """Tell whether a length is a parameter's size, or a small multiple or part."""
    return any(
        length == size or (size > 1 and (length % size == 0 or size % length == 0))
        for size in sizes
    )


def _may_begin_elsewhere(layout: Layout) -> bool:
    """Tell whether an axis of a length of its own may not begin with the row's first.

    A table of relative positions has the same numbers in its middle, and no rows.
    """
    kinds = {factor.kind for axis in layout for factor in axis}
    return "strided" in kinds and "batch" not in kinds


def _same_rows(array: Array, layout: Layout) -> bool:
    """Tell whether an array is the same for every row."""
    for at, axis in enumerate(layout):
        if axis == (_ROWS,) and array.shape[at] > 1:
            return bool(np.all(np.diff(array, axis=at) == 0))
    return False


def _strided(
    layout: Layout, shapes: Sequence[tuple[int, ...]], alone: tuple[int, ...]
) -> dict[int, int]:
    found = {}
    for axis, factors in enumerate(layout):
        if any(each.kind == "strided" for each in factors) and axis < len(alone):
            for shape in shapes:
                found[shape[axis]] = alone[axis]
    return found


def _equal(a: Array, b: Array, tolerance: float) -> bool:
    """Tell whether two arrays agree within a share of their scale."""
    if a.shape != b.shape:
        return False
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.all() and not np.array_equal(
        np.nan_to_num(a[~finite], nan=7.0), np.nan_to_num(b[~finite], nan=7.0)
    ):
        return False
    gap = np.max(np.abs(a[finite] - b[finite]), initial=0)
    scale = np.max(np.abs(a[finite]), initial=0)
    return bool(gap <= tolerance * scale)
