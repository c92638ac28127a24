"""docs/models.md and models/results.jsonl: what the last sweep gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.commands.models import page, summary, times
from conformance.commands.models.library import read_libraries, read_undriven
from conformance.errors import AdapterError

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


def test_the_table_of_times_adds_up_and_names_what_takes_long() -> None:
    found = times.read_times()
    table = times.tabulate(found, read_libraries())
    wall, computed = (
        sum(getattr(each, name) for each in found) for name in ("wall", "computed")
    )
    assert f"| all | {wall:.0f} s | {computed:.0f} s |" in table
    assert table in page.FILE.read_text(encoding="utf-8")
    assert "`transformers_types`" in table
    assert "`fair_esm_layers`" not in table
    assert " 1 others" not in table


def test_a_library_without_a_time_is_named_below_the_table() -> None:
    timed = {each.library for each in times.read_times()}
    text = page.FILE.read_text(encoding="utf-8")
    for name in set(read_libraries()) - timed:
        assert f"`{name}`" in text.partition("Added since, and not timed: ")[2]


def test_a_sweep_of_everything_stays_within_three_quarters_of_an_hour() -> None:
    assert sum(each.wall for each in times.read_times()) < 45 * 60


def test_a_library_that_is_not_driven_is_named_with_its_reason() -> None:
    text = page.FILE.read_text(encoding="utf-8")
    for each in read_undriven():
        assert f"- [{each.title}]({each.url}): {each.reason}.\n" in text


@pytest.mark.parametrize("text", ["", "library = 3", "[[library]]\ntitle = 'a'"])
def test_a_list_of_what_is_not_driven_that_is_none_is_refused(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "undriven.toml").write_text(text, encoding="utf-8")
    with pytest.raises(AdapterError, match="is no list of libraries"):
        read_undriven(tmp_path)
