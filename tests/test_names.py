"""Numbers by name in little memory: as a dictionary would have them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conformance.records.name_table import Names


def test_a_name_is_new_once_however_many_there_are() -> None:
    names = Names()
    given_ = [f"masked_mean/case-{number}:float32:eager" for number in range(5000)]
    assert all(names.add(name) for name in given_)
    assert not any(names.add(name) for name in given_)
    assert names.get("masked_mean/other:float32:eager") == 0


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(1, 255))))
def test_the_last_number_of_a_name_counts(pairs: list[tuple[str, int]]) -> None:
    names = Names()
    for name, number in pairs:
        names.put(name, number)
    assert all(names.get(name) == number for name, number in dict(pairs).items())
    assert names.get("longer") == 0
