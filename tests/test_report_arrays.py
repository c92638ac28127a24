from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.records import Failure, Worst
from conformance.records.show import show
from conformance.report.arrays import COLUMNS, ROWS, Table, tables, weights
from conformance.report.html import bar, https
from conformance.report.markdown import code, fence


def marks(table: Table) -> list[list[tuple[str, bool, bool]]]:
    return [
        [(cell.text, cell.padding, cell.wrong) for cell in cells]
        for _, cells in table.rows
    ]


def named(failure: Failure, dtype: str = "float32") -> dict[str, Table]:
    return {table.name: table for table in tables(failure, dtype)}


def failure(**others: Any) -> Failure:
    fields: dict[str, Any] = {
        "inputs": {"x": [[1.0, 9999.0], [2.0, 3.0]]},
        "mask": [[True, False], [True, True]],
        "got": [[0.5, "nan"], [0.5, 0.5]],
        "want": [[0.5, 0.0], [0.5, 0.5]],
        "allowed": [[0.1, 0.0], [0.1, 0.1]],
    }
    return Failure(**{**fields, **others})


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_is_shown_so_that_its_dtype_reads_the_same(value: float) -> None:
    got = struct.unpack("<f", struct.pack("<f", float(show(value, "float32"))))[0]

    assert got == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_shown_so_that_it_is_read_the_same(value: float) -> None:
    assert float(show(value, "float64")) == value


@pytest.mark.parametrize(
    ("value", "dtype", "want"),
    [
        (0.10000000149011612, "float32", "0.1"),
        (0.0999755859375, "float16", "0.1"),
        (0.10009765625, "bfloat16", "0.1"),
        (1e300, "float16", "1e+300"),
        (1e300, "bfloat16", "1e+300"),
        (math.inf, "float32", "inf"),
        ("-0.0", "float32", "-0.0"),
        (True, "bool", "1"),
        ([[1.0, 2.0], [3.0]], "float32", "[1, 2], [3]"),
    ],
)
def test_numbers_are_shown_short(value: Any, dtype: str, want: str) -> None:
    assert show(value, dtype) == want


def test_padding_and_what_is_wrong_are_marked() -> None:
    got = named(failure())

    assert marks(got["x"])[0] == [("1", False, False), ("9999", True, False)]
    assert marks(got["mask"])[0] == [("1", False, False), ("0", True, False)]
    assert marks(got["got"])[0] == [("0.5", False, False), ("nan", True, True)]
    assert marks(got["want"])[0] == [("0.5", False, False), ("0", True, False)]


def test_an_answer_without_time_has_no_padding() -> None:
    got = named(failure(got=[1.0, 2.0], want=[1.0, 3.0], allowed=[0.0, 0.0]))

    assert marks(got["got"]) == [[("1", False, False)], [("2", False, True)]]


def test_an_axis_that_is_only_as_long_as_time_is_not_marked_as_padding() -> None:
    inputs = {"x": [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]}
    answers: Any = {"got": [[1.0, 2.0], [3.0, 4.0]], "want": [[1.0, 2.0], [3.0, 5.0]]}

    got = named(failure(inputs=inputs, **answers))

    assert not any(padding for row in marks(got["got"]) for _, padding, _ in row)


def test_the_worst_element_is_marked_only_where_the_whole_array_is_shown() -> None:
    worst = Worst(index=[1, 0], got=0.5, want=0.0)
    whole = named(failure(allowed=[], worst=worst))
    cut = named(failure(allowed=[], worst=worst, elided=True))

    assert [row[0][2] for row in marks(whole["got"])] == [False, True]
    assert [row[0][2] for row in marks(cut["got"])] == [False, False]


def test_what_is_no_number_is_shown_as_it_is() -> None:
    got = named(failure(got=[["<b>", 0.0], [0.5, 0.5]]))

    assert marks(got["got"])[0][0] == ("<b>", False, True)


def test_a_failure_without_answer_shows_what_was_given() -> None:
    got = named(failure(got=[], want=[], allowed=[]))

    assert sorted(got) == ["mask", "x"]


def test_a_large_array_is_cut_and_says_so() -> None:
    wide = [[float(at) for at in range(COLUMNS + 1)] for _ in range(ROWS + 1)]

    (table,) = weights(Failure(weights={"forward.kernel": wide}), "float32")

    assert len(table.rows) == ROWS
    assert {len(cells) for _, cells in table.rows} == {COLUMNS}
    assert table.cut == f"first {ROWS} rows and {COLUMNS} columns"


def test_a_scalar_is_a_table_of_one_cell() -> None:
    (table,) = weights(Failure(weights={"scale": 0.5}), "float32")

    assert (table.head, marks(table)) == ((), [[("0.5", False, False)]])


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_has_no_shorter_bar(one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert 0 <= bar(low) <= bar(high) <= 100


@pytest.mark.parametrize(
    "url", ["http://a.org", "https://a b", 'https://a"', "javascript:1", "", "https://"]
)
def test_what_is_not_an_https_address_is_no_link(url: str) -> None:
    assert not https(url)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a`b", "<code>a&#96;b</code>"),
        ("a|b", "<code>a&#124;b</code>"),
        ("<b>", "`<b>`"),
    ],
)
def test_inline_code_leaves_nothing_open(text: str, want: str) -> None:
    assert code(text) == want


def test_a_fence_is_longer_than_any_in_its_text() -> None:
    assert fence("a ```` b").startswith("`````\n")
