"""Whether the arrays of a failure fit together, as those that were compared do.

A page is made of them on the assumption that they do; a record is somebody else's file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.records.record import ANY
from conformance.specification.numbers import SPECIAL, flatten, is_float, shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.records.record import Failure

_AXES = 2
"""Axes of a mask at least."""


def find_unfit(failure: Failure) -> Iterator[tuple[str, str]]:
    """Yield each field of a failure that does not fit, and what is wrong with it."""
    compared = {
        "got": failure.got,
        "want": failure.want,
        "allowed": failure.allowed,
    }
    for name, array in {**failure.inputs, **failure.weights, **compared}.items():
        if shape(array) is None:
            yield name, "has rows of different lengths"
        elif not all(
            _number(each) or (name == "want" and each == ANY) for each in flatten(array)
        ):
            yield name, f"has other than numbers and {', '.join(SPECIAL)}"
    worst = failure.worst
    for each in (worst.got, worst.want, worst.error, worst.bound) if worst else ():
        if not _number(each):
            yield "worst", f"has other than numbers and {', '.join(SPECIAL)}"
    given = {name: shape(array) for name, array in compared.items() if array != []}
    if "want" in given and len(set(given.values())) > 1:
        yield "want", f"has shape {given['want']}, got and allowed have others"
    yield from _mask(failure)


def _mask(failure: Failure) -> Iterator[tuple[str, str]]:
    if failure.mask == []:
        return
    found = shape(failure.mask)
    flags = all(isinstance(each, bool) for each in flatten(failure.mask))
    if found is None or len(found) < _AXES or not flags:
        yield "mask", "is not rows of true and false"
        return
    for name, array in failure.inputs.items():
        # Its rows at least: what the further axes are is the operation's affair.
        if (shape(array) or ())[:1] != found[:1]:
            yield name, f"has shape {shape(array)}, the mask {found}"


def _number(value: object) -> bool:
    if isinstance(value, str):
        return value in SPECIAL
    return is_float(value)
