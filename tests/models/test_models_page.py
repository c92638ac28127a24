"""docs/models.md and models/results.jsonl: what the last sweep gave."""

from __future__ import annotations

from pathlib import Path

from conformance.commands.models import page, summary
from conformance.commands.models.library import read_libraries

FINDINGS = Path(__file__).parents[2] / "docs" / "findings.md"


def test_the_page_is_what_the_last_sweep_gave() -> None:
    assert page.is_current()


def test_of_every_leak_something_is_known_and_the_findings_have_it() -> None:
    findings = FINDINGS.read_text(encoding="utf-8")
    for line in summary.read_lines():
        if line.kind not in {"leaks", "raises"}:
            continue
        file = line.library.partition(":")[0].replace("_eager", "_types")
        assert not line.new, line
        assert line.reason, line
        assert f"- adapter: `models/{file}.py" in findings, line


def test_what_is_by_design_says_where_that_is_documented() -> None:
    for line in summary.read_lines():
        if line.kind == "by design":
            assert line.reason.startswith(summary.DESIGN), line
            assert line.url.startswith("https://"), line
            assert not line.new, line


def test_the_counts_are_those_of_the_lines() -> None:
    lines = summary.read_lines()
    text = page.FILE.read_text(encoding="utf-8")
    for kind in summary.CLASSES:
        count = sum(line.kind == kind for line in lines)
        assert f"| {kind} | {count} |" in text


def test_the_last_sweep_judged_three_hundred_in_many_libraries() -> None:
    lines = summary.read_lines()
    judged = [line for line in lines if line.kind != "not driven"]
    assert len(judged) >= 300
    assert {line.library for line in lines} <= set(read_libraries())
    assert len({line.library for line in judged}) >= 25
    assert all(line.reason for line in lines if line.kind == "not driven")
