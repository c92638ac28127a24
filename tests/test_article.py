"""docs/article.md names what there is, for everything that the article says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.adapters.load import read_declarations
from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.plan import clauses

PAGE = (Path(__file__).parents[1] / "docs" / "article.md").read_text(encoding="utf-8")
CLAUSES = {
    clause.id: clause
    for operation in load_operations().values()
    for clause in clauses(operation)
}
CASES = {case.id: case for group in catalogue.cases().values() for case in group}
ADAPTERS = {name.partition(":")[0] for name in read_declarations()}
SPAN = re.compile(r"`([^`]+)`")

# What the article's two parts say, in its order: a word of each row, and what holds it.
LAYERS = (
    ("Two dense layers", {"nested.value"}),
    ("exactly once", {"nested.weights-once"}),
    ("tracked apart", {"nested.state"}),
    ("does not train", {"nested.trains"}),
    ("their own names", {"nested.names"}),
)
MASKS = (
    ("13 / 5", {"masked_mean.value"}),
    ("negative values", {"masked_max.value"}),
    ("share of a softmax", {"masked_softmax.value"}),
    ("multiplied by the mask", {"apply_mask.value"}),
    ("from ids", {"mask_from_ids.value"}),
    ("vectors of zeros", {"mask_from_features.value"}),
    ("in reverse", {"reverse_sequence.value", "birnn.swap"}),
    ("cloned from one configuration", {"birnn.value", "article_keras"}),
    ("sequence labelling", {"masked_loss.value", "masked_loss.gradient"}),
    ("a bias turns padding into signal", {"stack.value", "conv1d.value"}),
    ("queries must not see padded keys", {"attention.value"}),
    ("chain of tags", {"crf_log_likelihood.value", "crf_decode.value"}),
    ("hands a mask of its own", {"keras_builtin"}),
    ("modules nest by themselves", {"torch_builtin"}),
)


def table(title: str) -> list[list[str]]:
    """Return the rows of a section's table, as their cells."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines[2:]]


ROWS = [
    row
    for title in ("Layers inside layers", "Masks", "Where its recipes end")
    for row in table(title)
]


@pytest.mark.parametrize(
    ("title", "said"), [("Layers inside layers", LAYERS), ("Masks", MASKS)]
)
def test_everything_that_the_article_says_has_a_row(
    title: str, said: tuple[tuple[str, set[str]], ...]
) -> None:
    rows = table(title)

    assert len(rows) == len(said)
    for row, (words, names) in zip(rows, said, strict=True):
        assert words in row[0]
        assert names <= set(SPAN.findall(" ".join(row)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_every_clause_and_case_that_a_row_names_exists(row: list[str]) -> None:
    about, named, held = row

    assert set(SPAN.findall(about)) <= ADAPTERS
    assert named.startswith("`")
    assert set(SPAN.findall(named)) <= CLAUSES.keys()
    assert set(SPAN.findall(held)) <= CASES.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_row_without_a_case_is_held_by_laws_alone(row: list[str]) -> None:
    found, named = SPAN.findall(row[2]), SPAN.findall(row[1])

    if not found:
        assert row[2].startswith(("by its law", "by their laws"))
        assert all(CLAUSES[name].law for name in named)
    operations = {name.partition(".")[0] for name in named}
    assert {CASES[name].operation for name in found} <= operations


def test_whatever_else_the_page_names_exists() -> None:
    prose = "\n".join(line for line in PAGE.splitlines() if not line.startswith("|"))
    known = ADAPTERS | CLAUSES.keys() | {"tf.Module"}

    assert set(SPAN.findall(prose)) <= known
