"""The specification's text, numbers and names hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.commands.pages.specification import FILE, main, text
from conformance.operations import load_law, load_operations
from conformance.run import catalogue
from conformance.specification.laws import LAWS
from conformance.specification.plan import clauses, laws_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from conformance.specification import Operation


def chapter_of(page: str, operation: Operation) -> str:
    """Return the chapter of one operation."""
    (chapter,) = [
        each
        for each in page.split("\n## ")
        if each.startswith(f"{operation.number}. `{operation.name}`\n")
    ]
    return chapter


def test_the_document_says_what_the_clauses_in_the_code_say() -> None:
    assert FILE.read_text(encoding="utf-8") == text()
    assert main(["check"]) == 0


def test_a_document_that_says_something_else_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "specification.md"
    other.write_text("old", encoding="utf-8")
    monkeypatch.setattr("conformance.commands.pages.specification.FILE", other)

    assert main(["check"]) == 1
    assert "pages.specification write" in capsys.readouterr().err
    assert main(["write"]) == 0
    assert main(["check"]) == 0


def test_a_common_clause_is_written_once_and_its_number_given_by_each_chapter() -> None:
    page = text()

    for law in LAWS:
        assert page.count(f"### {law.number} `{law.name}` ({law.level})") == 1
        assert law.text in page
    for operation in load_operations().values():
        chapter = chapter_of(page, operation)
        first, last = LAWS[0].number, LAWS[-1].number
        number = operation.number
        assert f"- common clauses: {number}.{first} to {number}.{last}" in chapter
        for name in operation.without:
            assert f"`{name}`" in chapter


def test_a_chapter_has_the_clauses_of_its_own_and_every_case() -> None:
    page = text()
    cases = catalogue.cases()

    for operation in load_operations().values():
        chapter = chapter_of(page, operation)
        own = [law.clause(operation.name) for law in operation.laws]
        for clause in (*own, *operation.clauses):
            number = f"{operation.number}.{clause.number}"
            assert f"\n### {number} `{clause.id}` ({clause.level})\n" in chapter
        for case in cases[operation.name]:
            assert f" `{case.slug}`: {case.title}\n" in chapter


def test_the_page_has_one_chapter_of_a_page_for_the_mean() -> None:
    chapter = chapter_of(text(), load_operations()["masked_mean"])

    assert len(chapter.splitlines()) < 60


def test_clause_numbers_and_names_are_given_once_in_each_operation() -> None:
    for operation in load_operations().values():
        found = clauses(operation)

        assert len({clause.number for clause in found}) == len(found)
        assert len({clause.name for clause in found}) == len(found)


def test_every_law_has_a_function_with_its_own_words() -> None:
    for operation in load_operations().values():
        for law in laws_of(operation):
            function = load_law(law)

            assert function.__doc__
            assert function.__name__ == law.name.replace("-", "_")


def test_every_clause_of_an_operation_is_checked_by_a_law_or_a_case() -> None:
    cited = {case.clause for group in catalogue.cases().values() for case in group}
    for operation in load_operations().values():
        for clause in clauses(operation):
            assert clause.law or clause.id in cited


def test_core_has_the_cases_and_laws_that_it_promises() -> None:
    core = [
        c for group in catalogue.cases().values() for c in group if c.level == "core"
    ]

    assert len(core) >= 75
    for operation in load_operations().values():
        own = [case for case in core if case.operation == operation.name]
        laws = [law for law in laws_of(operation) if law.level == "core"]
        # Without a mask some laws mean nothing, and some cases.
        fewer = any(variant.makes_mask for variant in operation.variants)
        paths = operation.name.startswith("crf_")
        assert len(own) >= (12 if paths else 14 if fewer else 15)
        assert len(laws) >= (10 if fewer or paths else 11)
