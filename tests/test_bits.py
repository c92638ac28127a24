"""The same bits are asked where they are promised; elsewhere they are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.records import read
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.selection import Selection
from conformance.trial.frameworks import numpy as framework

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHECKS = ("masked_sum/contract:*", "masked_sum/padding-content:*")
ASKED = Selection(level="core", dtypes=("float32",), checks=CHECKS)
BODY = """
calls = []

def masked_sum(x, mask):
    calls.append(0)
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    found = np.where(wide, x, 0).sum(1, dtype=x.dtype)
    # Rows of one or two positions have no room for another last bit.
    factor = x.dtype.type(1 + {} * (len(calls) % 2))
    return np.where(wide.sum(1) > 2, found * factor, found)
"""
ROUNDING, WRONG = 2.0**-23, 0.01


def outcomes(path: Path, record: Path) -> dict[str, tuple[str, float]]:
    settings = Settings(reference=str(path), selection=ASKED, record=record)
    session = Session(settings)
    for check in session.planned:
        session.run(check)
    session.close()
    return {
        each.check.partition(":")[0]: (each.outcome, float(each.varies or 0))
        for each in read(record).results
    }


@pytest.fixture
def _unpromised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have NumPy promise as little as a GPU does."""
    monkeypatch.setattr(framework, "promises_bits", lambda: False)


def test_another_last_bit_fails_where_bits_are_promised(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    found = outcomes(written(BODY.format(ROUNDING)), tmp_path / "a.jsonl")
    assert {outcome for outcome, _ in found.values()} == {"failed"}


@pytest.mark.usefixtures("_unpromised")
def test_another_last_bit_is_measured_and_shown_where_they_are_not(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    record = tmp_path / "a.jsonl"
    found = outcomes(written(BODY.format(ROUNDING)), record)
    assert {outcome for outcome, _ in found.values()} == {"passed"}
    assert all(0 < varies < 1 for _, varies in found.values())
    footer = read(record).footer
    assert footer is not None
    said = footer.observed["same bits: masked_sum in float32"]
    assert said.startswith("two answers to one question differ by 0.")


@pytest.mark.usefixtures("_unpromised")
def test_more_than_rounding_fails_there_too(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    found = outcomes(written(BODY.format(WRONG)), tmp_path / "a.jsonl")
    assert {outcome for outcome, _ in found.values()} == {"failed"}


@pytest.mark.usefixtures("_unpromised")
def test_equal_answers_say_nothing(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    record = tmp_path / "a.jsonl"
    found = outcomes(written(BODY.format(0)), record)
    assert set(found.values()) == {("passed", 0.0)}
    footer = read(record).footer
    assert footer is not None
    assert footer.observed == {}
    assert b'"varies"' not in record.read_bytes()
