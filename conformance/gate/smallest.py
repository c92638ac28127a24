"""Validate the smallest input of a known difference.

A run replays it before it generates anything. So damage by an editor or a merge must be
reported here, and not as a traceback from somebody's layer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.operations import load_operations
from conformance.records.text import is_check
from conformance.specification.numbers import SPECIAL, is_float, leaves, shape

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS = {"check", "inputs", "mask", "weights"}
_AXES = 2
"""Number of axes of a mask."""


def check_smallest(smallest: Mapping[str, Any] | None) -> None:
    """Reject a smallest input that cannot be replayed.

    Raises:
        msgspec.ValidationError: Names the field, in the form of msgspec.
    """
    if smallest is None:
        return
    for name in smallest:
        if name not in _FIELDS:
            _refuse(name, f"unknown, expected one of {', '.join(sorted(_FIELDS))}")
    check = smallest.get("check", "")
    if not isinstance(check, str) or (check and not is_check(check)):
        _refuse("check", f"{check!r:.80} is not a check id")
    arrays = smallest.get("inputs", {})
    weights = smallest.get("weights", {})
    for name, group in (("inputs", arrays), ("weights", weights)):
        if not isinstance(group, dict):
            _refuse(name, f"expected a table of arrays, got {type(group).__name__}")
    for name, array in {**arrays, **weights}.items():
        _check_array(name, array)
    if smallest.get("mask") is not None:
        _check_mask(smallest["mask"], arrays, re.split(r"[./]", check)[0])


def _check_mask(mask: object, arrays: Mapping[str, Any], operation: str) -> None:
    found = shape(mask)
    if found is None or len(found) != _AXES:
        _refuse("mask", "expected rows of equal length")
    if not all(isinstance(keep, bool) for _, keep in leaves(mask)):
        _refuse("mask", "expected true and false only")
    for name, array in arrays.items():
        # Some inputs have positions of their own: as many rows is all they share.
        known = load_operations().get(operation)
        axes = 1 if known and name in known.beside else _AXES
        wanted = (found or ())[:axes]
        if (shape(array) or ())[:axes] != wanted:
            _refuse(
                name,
                f"expected a shape that begins with the mask's, {list(wanted)}",
            )


def _check_array(name: str, array: object) -> None:
    if not isinstance(array, list) or shape(array) is None:
        _refuse(name, "expected nested lists, rows of equal length")
    for place, value in leaves(array, name):
        number = is_float(value)
        if not number and not (isinstance(value, str) and value in SPECIAL):
            wanted = f"a number or one of {', '.join(SPECIAL)}"
            _refuse(place, f"got {value!r:.80}, expected {wanted}")


def _refuse(place: str, what: str) -> None:
    msg = f"{place}: {what} - at `$.smallest`"
    raise msgspec.ValidationError(msg)
