"""The published kill matrix is read as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import loading, mistakes
from conformance.errors import UsageError
from conformance.plan import laws_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = """# Mutants

## masked_mean

| mutant | what is wrong | on | law that it breaks first | cases |
| --- | --- | --- | --- | ---: |
| divides | [divides by T \\| B](https://example.org/1) | numpy | value | 24 |
| leaks | leaks [a little] | torch | gradient | 0 |

Laws of masked_mean by number, `x` where one catches the mutant:

1 value, 2 extra-padding, 3 gradient.

| mutant | 1 | 2 | 3 |
| --- | --- | --- | --- |
| divides | x | x |  |
| leaks |  |  | x |

## Power

| clause | by its law |
| --- | ---: |
| masked_mean.value | 2 |
"""


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    mistakes.mistakes.cache_clear()
    yield
    mistakes.mistakes.cache_clear()


def test_a_page_is_read_with_its_links_and_marks() -> None:
    divides, leaks = mistakes.read(PAGE)["masked_mean"]

    assert (divides.text, divides.url) == ("divides by T | B", "https://example.org/1")
    assert divides.laws == ("value", "extra-padding")
    assert (leaks.text, leaks.url) == ("leaks [a little]", "")
    assert (leaks.first, leaks.laws) == ("gradient", ("gradient",))


def test_only_operations_are_read() -> None:
    assert list(mistakes.read(PAGE)) == ["masked_mean"]


def test_what_is_made_for_a_law_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistakes, "mistakes", lambda: mistakes.read(PAGE))
    assert [one.name for one in mistakes.caught("masked_mean", "value")] == ["divides"]
    assert mistakes.caught("masked_mean", "nothing") == []


def test_the_published_page_has_every_operation_and_nearly_every_law() -> None:
    laws = {
        (name, law.name): bool(mistakes.caught(name, law.name))
        for name, operation in loading.operations().items()
        for law in laws_of(operation)
    }
    assert list(mistakes.mistakes()) == list(loading.operations())
    assert sum(laws.values()) > 0.9 * len(laws)
    assert all(one.text and one.laws for one in mistakes.mistakes()["masked_mean"])


def test_a_page_that_is_missing_says_how_to_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "shared", lambda room: tmp_path / room)
    with pytest.raises(UsageError, match=r"mutants\.md: cannot be read: .* --write"):
        mistakes.mistakes()
