from __future__ import annotations

from pathlib import Path

import pytest

from conformance.commands import mistakes
from conformance.commands.mistakes import Mistake, format_mistakes, read_mistakes
from conformance.errors import UsageError
from conformance.operations import load_operations
from conformance.specification.plan import laws_of

MADE = {
    "masked_mean": (
        Mistake(name="leaks", text="leaks", first="gradient", laws=("gradient",)),
        Mistake(
            name="divides",
            text='divides by "T"',
            url="https://example.org/1",
            first="value",
            laws=("gradient", "value"),
        ),
    )
}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "mistakes.json"
    file.write_text(format_mistakes(MADE), encoding="utf-8")
    assert read_mistakes(file) == MADE


def test_what_is_made_for_a_law_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistakes, "read_mistakes", lambda: MADE)
    found = mistakes.find_mistakes("masked_mean", "value")
    assert [one.name for one in found] == ["divides"]
    found = mistakes.find_mistakes("masked_mean", "gradient")
    assert [one.name for one in found] == ["leaks", "divides"]
    assert mistakes.find_mistakes("masked_mean", "nothing") == []


def test_the_published_data_has_every_operation_and_nearly_every_law() -> None:
    laws = {
        (name, law.name): bool(mistakes.find_mistakes(name, law.name))
        for name, operation in load_operations().items()
        for law in laws_of(operation)
    }
    assert list(read_mistakes()) == list(load_operations())
    assert sum(laws.values()) > 0.9 * len(laws)
    assert all(one.text and one.laws for one in read_mistakes()["masked_mean"])


def test_the_published_data_says_what_the_page_says() -> None:
    page = Path("docs/mutants.md").read_text(encoding="utf-8")
    for name, found in read_mistakes().items():
        part = page.split(f"\n## {name}\n")[1].split(f"\nLaws of {name} by number")[0]
        rows = [line for line in part.splitlines() if line.startswith("| ")][2:]
        assert [row.split(" | ")[0].strip("| ") for row in rows] == [
            each.name for each in found
        ]


@pytest.mark.parametrize("text", [None, "{", '{"masked_mean": [{"name": 1}]}'])
def test_data_that_cannot_be_read_says_how_to_write_it(
    text: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "mistakes.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"mistakes\.json: cannot be read: .* --write"):
        read_mistakes(file)
