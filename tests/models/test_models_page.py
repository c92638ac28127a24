"""docs/models.md and models/results.jsonl: what the last sweep gave."""

from __future__ import annotations

from conformance.commands.models import page, summary
from conformance.commands.models.library import read_libraries


def test_the_page_is_what_the_last_sweep_gave() -> None:
    assert page.is_current()


def test_the_last_sweep_judged_three_hundred_in_many_libraries() -> None:
    lines = summary.read_lines()
    judged = [line for line in lines if line.kind != "not driven"]
    assert len(judged) >= 300
    assert {line.library for line in lines} <= set(read_libraries())
    assert len({line.library for line in judged}) >= 25
    assert all(line.reason for line in lines if line.kind == "not driven")
