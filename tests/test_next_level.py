"""A green run says what it was not asked, and the plan alone decides what that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.commands.next_level import describe_next_level
from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.run.declare import declare
from conformance.specification import LEVELS, Level, laws
from conformance.specification.plan import laws_of
from conformance.specification.selection import Selection

CORE = Selection(level="core")


def test_core_says_that_it_puts_no_nan_and_where_left_padding_is_asked() -> None:
    text = describe_next_level(declare("numpy_reference"), CORE)
    assert text.startswith("not asked at core: infinities and NaN at padding; NaN at")
    assert "; padding on the left, except alibi_attention.causal, attention.c" in text
    assert "; bfloat16, float16, float64. `--level robust` asks " in text


@pytest.mark.parametrize("level", LEVELS[:-1])
def test_the_number_is_that_of_the_next_levels_further_checks(level: Level) -> None:
    declaration = declare("torch_reference")
    numbers = [
        sum(
            not check.unsupported
            for check in catalogue.plan_checks(declaration, Selection(level=each))
        )
        for each in (level, LEVELS[LEVELS.index(level) + 1])
    ]
    text = describe_next_level(declaration, Selection(level=level))
    assert text.endswith(f"asks {numbers[1] - numbers[0]:,} more checks")


def test_a_law_that_moves_to_core_is_no_longer_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved = tuple(
        replace(law, level="core") if law.name == "valid-nan" else law
        for law in laws.LAWS
    )
    monkeypatch.setattr("conformance.specification.plan.LAWS", moved)
    text = describe_next_level(declare("numpy_reference"), CORE)
    assert "NaN at padding" in text
    assert "NaN at valid positions" not in text


def test_what_an_adapter_cannot_be_asked_is_not_said_to_be_missing() -> None:
    right_only = replace(declare("numpy_reference"), placements=("right",))
    text = describe_next_level(right_only, CORE)
    assert "on the left" not in text
    assert "between valid" not in text


def test_nothing_is_said_at_the_last_level_nor_of_a_part() -> None:
    declaration = declare("numpy_reference")
    assert not describe_next_level(declaration, Selection(level="extended"))
    part = Selection(level="core", operations=("masked_mean",))
    assert not describe_next_level(declaration, part)


def test_every_law_beyond_core_says_what_it_is_about() -> None:
    silent = {
        f"{operation.name}.{law.name}"
        for operation in load_operations().values()
        for law in laws_of(operation)
        if law.level != "core" and not law.about
    }
    assert not silent
