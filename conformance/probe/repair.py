"""Set padding to zero before the places of a leak: would a mask there close it?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.probe.align import find_padding, layouts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.probe.align import Layout
    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.runs import Origin, Runs
    from conformance.probe.trace import Edit, Key, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What a mask before some places would set to zero.

    Attributes:
        layouts: How results are read in which padding can be told: by operation and
            number of the result.
        whole: Whether that is everything that goes in there and has positions.
    """

    layouts: Mapping[tuple[Key, int], Layout]
    whole: bool

    @classmethod
    def before(cls, runs: Runs, origins: Sequence[Origin]) -> Repair:
        """Return the repair before some places."""
        made = {
            number: (site, at)
            for site in runs.first.sites
            if site.op
            for at, number in enumerate(site.outputs)
        }
        known: dict[tuple[Key, int], Layout] = {}
        whole = True
        for origin in origins:
            here = runs.by_key.get(origin.site.key)
            for number in here.inputs if here else ():
                value = runs.first.values[number]
                if number in made and value.dtype.kind == "f":
                    site, at = made[number]
                    layout, told = _layout(runs, site, at)
                    whole = whole and told
                    if layout is not None:
                        known[site.key, at] = layout
        return cls(layouts=known, whole=whole)

    def editor(self, arrangement: Arrangement) -> Edit:
        """Return what sets padding to zero in a run."""

        def edit(
            site: Site, inputs: Sequence[Array], outputs: Sequence[Array]
        ) -> Sequence[Array] | None:
            del inputs
            fresh, changed = list(outputs), False
            for at, output in enumerate(outputs):
                layout = self.layouts.get((site.key, at))
                if layout is not None:
                    fresh[at] = _zeroed(output, layout, arrangement)
                    changed = True
            return fresh if changed else None

        return edit


def _zeroed(output: Array, layout: Layout, arrangement: Arrangement) -> Array:
    """Return a result with zeros at padding in every row."""
    array = output.copy()
    for padding in find_padding(output, layout, arrangement):
        if padding is not None:
            array[padding] = 0
    return array


def _layout(runs: Runs, site: Site, at: int) -> tuple[Layout | None, bool]:
    """Return how a result's axes are read, where padding can be told in it.

    And whether that is all: an axis that is longer than T, or strided, or two of time,
    may hold padding anywhere.
    """
    far = runs.by_structure.get(site.key)
    alone = runs.by_alone.get(site.key)
    if far is None or alone is None:
        return None, False
    shapes = [
        runs.first.values[site.outputs[at]].shape,
        runs.structure.values[far.outputs[at]].shape,
        runs.alone.values[alone.outputs[at]].shape,
    ]
    first, other = runs.arrangements[0], runs.other
    length = len(runs.places[0])
    sizes = [(first.batch, first.time), (other.batch, other.time), (1, length)]
    timed = False
    for layout in layouts(shapes, sizes):
        flat = [factor for axis in layout for factor in axis]
        kinds = Counter(factor.kind for factor in flat)
        longer = any(factor.longer for factor in flat)
        if kinds["batch"] == 1 and kinds["time"] == 1 and not longer:
            return layout, True
        timed = timed or bool(kinds["time"] or kinds["strided"])
    return None, not timed
