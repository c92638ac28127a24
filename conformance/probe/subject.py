"""A model under probe: called in any arrangement, its answers kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.probe.arrangement import Arrangement, Content, place
from conformance.probe.compare import Output, compare, count_frames, read_outputs
from conformance.probe.frameworks.base import Facts, Mode, ProbeFramework

if TYPE_CHECKING:
    from conformance.probe.arrangement import Array
    from conformance.probe.compare import ArrayDifference
    from conformance.probe.interface import Interface
    from conformance.probe.settings import ProbeSettings
    from conformance.probe.sizes import Sizes

KEPT = 64
"""Answers that are kept; the oldest goes first."""


@dataclass(slots=True, kw_only=True)
class ProbedModel:
    """A model with its interface.

    Attributes:
        framework: Calls it.
        model: The model.
        facts: What it says of itself.
        interface: What it takes.
        sizes: Rows and positions.
        settings: What the user said.
        dtype: What it computes in.
    """

    framework: ProbeFramework
    model: Any
    facts: Facts
    interface: Interface
    sizes: Sizes
    settings: ProbeSettings
    dtype: str
    _kept: dict[tuple[Arrangement, Mode], dict[str, Array]] = field(
        default_factory=dict
    )
    _outputs: tuple[Output, ...] = ()
    _exact: bool | None = None
    _high: bool | None = None

    def with_interface(self, interface: Interface) -> ProbedModel:
        """Return the same model called in another way; its answers are its own."""
        return replace(self, interface=interface, _kept={}, _outputs=())

    @property
    def content(self) -> Content:
        """The rows' numbers."""
        return Content(interface=self.interface, seed=self.settings.seed)

    @property
    def rows(self) -> tuple[int, ...]:
        """The content rows of a batch."""
        return tuple(range(self.sizes.rows))

    @property
    def base(self) -> Arrangement:
        """The batch that others are compared with: padding on the right."""
        return place(self.rows, self.sizes.lengths, self.sizes.time)

    @property
    def structure(self) -> Arrangement:
        """A batch of another size in every axis, which tells axes apart."""
        rows = tuple(range(self.sizes.other_rows))
        lengths = self.sizes.lengths
        each = [lengths[row % len(lengths)] for row in rows]
        return place(rows, each, self.sizes.structure)

    def given(self, arrangement: Arrangement) -> dict[str, Any]:
        """Return a call's arguments."""
        return {**self.content.build(arrangement), **self.interface.constants}

    def answer(self, arrangement: Arrangement, mode: Mode) -> dict[str, Array]:
        """Return the model's outputs by name."""
        key = (arrangement, mode)
        if key not in self._kept:
            given = self.given(arrangement)
            found = self.framework.call(self.model, given, mode)
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = found
        return self._kept[key]

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The outputs whose axes could be told."""
        if not self._outputs:
            mode = Mode(dtype=self.dtype)
            batches = (self.base, self.structure, self.wider)
            shapes = [
                {name: each.shape for name, each in self.answer(batch, mode).items()}
                for batch in batches
            ]
            sizes = [(batch.batch, batch.time) for batch in batches]
            shapes_alone, frames = self._alone(mode)
            self._outputs = read_outputs(shapes, sizes, shapes_alone, frames)
        return self._outputs

    @property
    def wider(self) -> Arrangement:
        """The base's positions in a batch of other rows."""
        return place(
            self.structure.rows,
            [self.sizes.time] * self.sizes.other_rows,
            self.sizes.time,
        )

    def _alone(
        self, mode: Mode
    ) -> tuple[dict[int, dict[str, tuple[int, ...]]], list[dict[int, int]]]:
        """Return shapes for each row alone, and how many frames it says that it has."""
        shapes: dict[int, dict[str, tuple[int, ...]]] = {}
        said: dict[str, dict[int, int]] = {}
        for row, length in zip(self.rows, self.sizes.lengths, strict=True):
            answer = self.answer(place((row,), (length,), length), mode)
            shapes[length] = {name: each.shape for name, each in answer.items()}
            for name, each in answer.items():
                count = count_frames(each)
                if count is not None:
                    said.setdefault(name, {})[length] = count
        every = set(self.sizes.lengths)
        return shapes, [each for each in said.values() if set(each) == every]

    def output(self, name: str) -> Output | None:
        """Return an output by name."""
        return next((each for each in self.outputs if each.name == name), None)

    def difference(
        self, output: Output, one: Arrangement, other: Arrangement, mode: Mode
    ) -> ArrayDifference:
        """Return by how much an output differs between two arrangements.

        Raises:
            ValueError: There is nothing to compare.
        """
        first = self.answer(one, mode).get(output.name)
        second = self.answer(other, mode).get(output.name)
        if first is None or second is None:
            msg = f"{output.name}: is not there in this mode"
            raise ValueError(msg)
        return compare(output, first, second, (one, other))

    @property
    def exact(self) -> bool:
        """Whether float64 is float64 throughout."""
        if self._exact is None:
            given = self.given(self.base)
            self._exact = self.high and self.framework.exact(self.model, given)
        return self._exact

    @property
    def high(self) -> bool:
        """Whether the model can be called in float64 at all."""
        if self._high is None:
            self._high = False
            if self.framework.high and self.dtype != self.framework.high:
                try:
                    self.answer(self.base, Mode(dtype=self.framework.high))
                    self._high = True
                except Exception:  # noqa: BLE001 - then other evidence is used
                    self._high = False
        return self._high
