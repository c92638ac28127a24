"""What a call of a model went through: sites with the values that went in and out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from conformance.probe.arrangement import Array

Edit = Callable[["Site", Sequence[Array], Sequence[Array]], "Sequence[Array] | None"]
"""Takes a site, its inputs and its results; returns other results, or None."""

Key = tuple[str, str, str, int, int]


@dataclass(slots=True, kw_only=True)
class Site:
    """One operation, or one module as a whole.

    Attributes:
        path: The module, from the model's root: ``encoder.conv2``; empty is the root.
        kind: The module's class.
        op: The operation, such as ``aten.convolution``; empty for a whole module.
        file: The user's file: the innermost frame outside the framework.
        line: The line there.
        inputs: Numbers of the values that went in.
        outputs: Numbers of the values that came out.
        call: How often this path had been entered before, from 0.
        time: How often this operation occurred at this line in this call, from 0.
    """

    path: str
    kind: str
    op: str
    file: str = ""
    line: int = 0
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    call: int = 0
    time: int = 0

    @property
    def key(self) -> Key:
        """What is the same in another run of the same model."""
        return self.path, f"{self.call}", f"{self.op}@{self.file}", self.line, self.time

    @property
    def place(self) -> tuple[str, str, str, int]:
        """Where a reader finds it, whatever the number of its calls."""
        return self.path, self.op, self.file, self.line


@dataclass(slots=True, kw_only=True)
class Trace:
    """One call of a model.

    Attributes:
        sites: In the order in which they ended.
        values: What they took and gave; a value that was written to is a new one. In
            an outline only their shapes are right, and they take no memory.
        outputs: What the model returned, by name.
    """

    sites: list[Site] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    outputs: dict[str, Array] = field(default_factory=dict)


def draw_outline(shape: Sequence[int], dtype: object) -> Array:
    """Return what has a shape and takes no memory, in place of a value."""
    flat: Array = np.broadcast_to(np.zeros((), dtype), tuple(shape))  # type: ignore[call-overload]
    return flat


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientStep:
    """One operation on the way back from a model's answer.

    Attributes:
        site: The operation.
        taken: Gradients of its results, of those that got one.
        handed: Gradients of what it took, as it alone hands them on.
        targets: Whose each of them is: the number of a step, the name of an input or a
            parameter, or nothing.
    """

    site: Site
    taken: tuple[Array, ...]
    handed: tuple[Array | None, ...]
    targets: tuple[int | str | None, ...]


Instead = Mapping[tuple[int, int], Array]
"""Gradients that are handed on in the place of others: by step and number of what it
took."""


class Counts:
    """Numbers the calls of paths and the occurrences of operations in them."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._times: Counter[tuple[object, ...]] = Counter()

    def call(self, path: str) -> int:
        """Return how often a path was entered before."""
        self._calls[path] += 1
        return self._calls[path] - 1

    def time(self, site: Site) -> int:
        """Return how often an operation occurred there before."""
        key = (site.path, site.call, site.op, site.file, site.line)
        self._times[key] += 1
        return self._times[key] - 1
