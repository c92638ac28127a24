"""Axes are told by what changes with them; what cannot be told is not guessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.probe.align import Factor, RowLayout, layouts

SIZES = [(5, 11), (7, 13), (5, 17)]


def shapes(*axes: object) -> list[tuple[int, ...]]:
    """Return shapes for each size; axes are functions of B and T, or numbers."""
    return [
        tuple(axis(b, t) if callable(axis) else int(str(axis)) for axis in axes)
        for b, t in SIZES
    ]


def kinds(*axes: object) -> list[list[str]]:
    found = layouts(shapes(*axes), SIZES)
    return [[factor.kind for factor in axis] for axis in found[0]] if found else []


def test_rows_time_and_the_rest_are_told() -> None:
    got = kinds(lambda b, _: b, lambda _, t: t, 6)
    assert got == [["batch"], ["time"], ["other"]]


def test_merged_axes_are_split_by_arithmetic() -> None:
    assert kinds(lambda b, t: b * t, 6)[0] == ["batch", "time"]
    assert kinds(lambda b, _: 4 * b, lambda _, t: t, 6)[0] == ["batch", "other"]


def test_a_length_that_halves_is_strided() -> None:
    assert kinds(lambda b, _: b, lambda _, t: (t + 1) // 2, 6)[1] == ["strided"]


def test_an_axis_that_follows_nothing_is_not_guessed() -> None:
    assert layouts([(5, 9), (7, 4), (5, 23)], SIZES) == ()


@settings(derandomize=True, deadline=None)
@given(
    order=st.permutations(["batch", "time", "other"]),
    length=st.integers(1, 11),
    row=st.integers(0, 4),
)
def test_taking_and_putting_back_a_row_changes_nothing(
    order: list[str], length: int, row: int
) -> None:
    size = {"batch": 5, "time": 11, "other": 6}
    layout = tuple((Factor(kind),) for kind in order)
    array = np.random.default_rng(0).standard_normal([size[kind] for kind in order])
    view = RowLayout(row=row, batch=5, time=11, places=tuple(range(length)), strided={})
    part = view.take(array, layout)
    assert part is not None
    assert part.size == length * 6
    again = view.put(array, layout, part)
    assert again is not None
    np.testing.assert_array_equal(again, array)


def test_a_strided_row_needs_its_own_length() -> None:
    layout = ((Factor("batch"),), (Factor("strided"),))
    array = np.arange(30.0).reshape(5, 6)
    places = tuple(range(7))
    known = RowLayout(row=1, batch=5, time=11, places=places, strided={6: 4})
    part = known.take(array, layout)
    assert part is not None
    assert part.tolist() == [[6.0, 7.0, 8.0, 9.0]]
    unknown = RowLayout(row=1, batch=5, time=11, places=places, strided={})
    assert unknown.take(array, layout) is None


@pytest.mark.parametrize("shift", [0, 1])
def test_a_longer_axis_is_read_in_every_way_that_it_may_be(shift: int) -> None:
    found = layouts(shapes(lambda b, _: b, lambda _, t: t + 1), SIZES)
    assert Factor("time", 1, shift) in {axis for way in found for axis in way[1]}
