"""Mistakes from public reports are named, and none is called another."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reports.ask import said_of, wrong
from tests.reports.table import FIFTH, FIRST, FOURTH, SAYS, SECOND, THIRD, Report

EVERY = (*FIRST, *SECOND, *THIRD, *FOURTH, *FIFTH)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # they are wrong on purpose
@pytest.mark.parametrize("report", EVERY, ids=lambda each: each.function.__name__)
def test_a_reported_mistake_is_called_what_it_is_or_nothing(report: Report) -> None:
    adapter = wrong(report.operation, report.function, **report.declared)
    with np.errstate(all="ignore"):
        said = said_of(adapter, report.operation)
    assert said.check, "the mistake passes every check"
    assert said.holds, f"{said.text} gives other answers elsewhere"
    name = SAYS.get(report.function.__name__, "")
    assert name in said.text
    assert bool(said.text) == bool(name)


@pytest.mark.parametrize(
    ("reports", "count"), [(SECOND, 30), (THIRD, 30), ((*FOURTH, *FIFTH), 30)]
)
def test_four_fifths_of_the_mistakes_written_after_a_freeze_are_named(
    reports: tuple[Report, ...], count: int
) -> None:
    named = [each for each in reports if each.function.__name__ in SAYS]
    assert len(reports) == count
    assert len(named) >= 0.8 * count


def test_each_report_has_a_thread_of_its_own() -> None:
    places = {(each.function.__name__, each.url) for each in EVERY}
    assert len(places) == len(EVERY)
    assert all(url.startswith("https://github.com/") for _, url in places)
