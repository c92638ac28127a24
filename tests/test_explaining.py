"""What `explain` says of a clause and of a check."""

from __future__ import annotations

import pytest

from conformance.adapters.load import read_declaration
from conformance.commands.explain import LISTED, explain_clause
from conformance.commands.mistakes import find_mistakes
from conformance.errors import UnknownNameError
from conformance.probe.questions import NAMES
from conformance.probe.words import WORDS
from conformance.run import catalogue


def test_a_clause_is_explained_with_its_cases() -> None:
    clause = catalogue.all_clauses()["masked_softmax.zero-at-padding"]
    text = explain_clause(clause.id)
    assert text.splitlines()[:3] == [
        "masked_softmax.zero-at-padding (3.40, level core)",
        "",
        "The probability of a padded position is exactly zero.",
    ]
    assert f"It catches {clause.why}." in " ".join(text.split())
    assert "\nerror bound: " in text
    assert "\n  docs/specification.md, 3.40\n" in text


def test_a_law_is_explained_by_the_check_that_failed() -> None:
    check = "masked_mean/extra-padding:float32:eager"
    assert explain_clause(check) == explain_clause("masked_mean.extra-padding")


def test_a_case_is_explained_with_its_own_title_and_its_clause() -> None:
    text = explain_clause("masked_mean/article-mean:float32:eager")
    case = next(
        each for each in catalogue.cases()["masked_mean"] if each.slug == "article-mean"
    )
    assert text.startswith(f"{case.clause} (1.")
    assert (
        f"this case: {case.id}\n  {case.title}\n  ({case.source})\n  x = [[1, 0, 3"
        in text
    )
    assert "\n  want = [2.6]\n" in text


@pytest.mark.parametrize(
    "name",
    [
        "masked_mean.valeu",
        "masked_mean/valeu:float32:eager",
        "masked_men/value:float32:eager",
        "value",
        "",
    ],
)
def test_what_is_neither_a_clause_nor_a_check_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown clause"):
        explain_clause(name)


def test_a_misspelt_clause_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'masked_mean\.value'\?"):
        explain_clause("masked_mean.valeu")


def test_every_check_of_an_operation_can_be_explained() -> None:
    found = read_declaration("numpy_reference")
    chosen = catalogue.selection(level="core", operations=["masked_mean"])
    for check in catalogue.plan_checks(found, chosen):
        assert explain_clause(check.id).startswith(f"{check.clause} (")


def test_a_clause_says_which_mistakes_it_catches_and_where_they_were_made() -> None:
    text = explain_clause("masked_mean.empty-row")
    first = find_mistakes("masked_mean", "empty-row")[0]

    assert f"mistakes that its law catches, {LISTED} of " in text
    assert f"\n  {first.text}\n    {first.url}\n" in text


def test_every_clause_has_an_explanation_that_fits_a_terminal() -> None:
    for name in catalogue.all_clauses():
        prose = (
            explain_clause(name).partition("\n\nmistakes")[0].partition(" case: ")[0]
        )
        wide = [line for line in prose.splitlines() if len(line) > 80]
        assert [line for line in wide if "->" not in line] == [], name


def test_a_clause_that_catches_nothing_published_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("conformance.commands.explain.find_mistakes", lambda *_: [])
    assert "\nmistakes that its law catches: no " in explain_clause("masked_mean.value")


@pytest.mark.parametrize("question", WORDS)
def test_a_probes_question_is_explained(question: str) -> None:
    text = explain_clause(f"probe.{question}")
    assert text.startswith(f"probe.{question}: {WORDS[question].title}\n")
    assert WORDS[question].law in " ".join(text.split())
    assert explain_clause(f"probe.{question}.1-0/m.f:float32:eager") == text
    assert f"probe.{question}  " in explain_clause("probe")


def test_an_unknown_question_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="more-padding"):
        explain_clause("probe.more-paddin")


def test_every_question_has_words() -> None:
    assert tuple(WORDS) == NAMES
