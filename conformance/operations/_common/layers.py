"""Faults of whatever is called with x and a mask, made into mutants by their names.

A formula with a place for each fault takes the fault's name; a right answer that is
changed afterwards takes the change.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, lengths
from conformance.operations._common.mutant import ANY, compiled

if TYPE_CHECKING:
    from conformance.operations._common.mutant import Formula, Mutants, Row

MASK_ROWS: tuple[Row, ...] = tuple(
    (name, clause, ANY, url, text) for name, (_, text, clause, url) in MASKS.items()
)
"""What people do to a mask, as rows of :meth:`Mutants.faults`."""

# fmt: off
INPUT_ROWS: tuple[Row, ...] = (
    ("writes-its-input", "contract", ANY,
     "https://github.com/pytorch/pytorch/issues/39639",
     "sets padding to zero in the caller's own array"),
    ("reads-memory", "layout", ANY, "https://github.com/pytorch/pytorch/issues/95118",
     "reads memory in the order it lies in, not elements"),
    ("bitwise", "mask-form", ANY, "",
     "inverts the mask with ~, which is right for booleans only"),
)
# fmt: on
"""What people do to their inputs."""


def add_changed(mutants: Mutants, around: Formula) -> None:
    """Add right answers that are changed afterwards.

    Args:
        mutants: Where they are added.
        around: Called with the change ``(xp, found, keep)``, then as a mutant is.
    """
    for name, clause, text, change in _CHANGED:
        mutants.add(name, clause, text, partial(around, change))


def add_compiled(mutants: Mutants, baked: Formula, **how: Any) -> None:
    """Add the formula that keeps the length of the batch it was compiled with."""
    text = "bakes the padded length into the compiled function"
    name = "compiled-with-the-padded-length"
    mutants.add(name, "route", text, baked, **(compiled() | how))


def _return_float64(xp: Any, found: Any, keep: Any) -> Any:
    del keep
    return xp.astype(found, xp.float64)


def squeeze(xp: Any, found: Any, keep: Any) -> Any:
    """Squeeze every axis of length one."""
    del xp, keep
    return found.reshape(tuple(size for size in found.shape if size != 1))


def sort_rows(xp: Any, found: Any, keep: Any) -> Any:
    """Leave the rows sorted by length."""
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


_CHANGED = (
    (
        "answers-in-float64",
        "contract",
        "answers in float64 whatever the input's dtype",
        _return_float64,
    ),
    (
        "squeezes-every-axis",
        "length-one",
        "squeezes every axis of length one, the batch's too",
        squeeze,
    ),
    (
        "rows-stay-sorted",
        "value",
        "sorts the rows by length and does not sort the answers back",
        sort_rows,
    ),
)


class Leaking:
    """A right layer with a gradient that padding gets too."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __getattr__(self, name: str) -> Any:
        """Return what the right layer has."""
        return getattr(self.layer, name)

    def __call__(self, *tensors: Any) -> Any:
        """Return the right answer, moved by the gradient of all of x."""
        x = tensors[-2]  # before the mask, behind what stands beside it
        return self.layer(*tensors) + (x - x.detach()).sum()
