"""What a person sees: short, plain, and with what to do next."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from conformance import records
from conformance.commands.terminal import SHOWN, Progress, complaints, summary
from conformance.gate import judge

GOLDEN = records.read(Path(__file__).parent / "golden" / "torch.jsonl")
ENDED = structs.replace(GOLDEN.footer, stale=[]) if GOLDEN.footer else None
FAILED = next(each for each in GOLDEN.results if each.outcome == "failed")


def test_the_summary_has_a_line_for_each_operation_that_fits() -> None:
    lines = summary([GOLDEN]).splitlines()
    assert lines[0].startswith(f"{GOLDEN.header.adapter} (torch ")
    for operation in GOLDEN.header.operations:
        assert sum(line.startswith(f"  {operation} ") for line in lines) == 1
    counts = [line for line in lines if " passed" in line]
    assert max(map(len, counts)) <= 80


def test_operations_that_are_not_offered_take_one_line() -> None:
    first = GOLDEN.results[0]
    operation = first.check.partition("/")[0].partition(".")[0]
    lacking = tuple(
        structs.replace(each, outcome="unsupported", known=None, failure=None)
        if each.check.startswith(operation)
        else each
        for each in GOLDEN.results
    )
    lines = summary([replace(GOLDEN, results=lacking)]).splitlines()
    assert f"  not offered: {operation}" in lines
    assert not [line for line in lines if line.startswith(f"  {operation} ")]


def test_a_run_that_broke_off_is_called_incomplete() -> None:
    header = structs.replace(GOLDEN.header, planned=len(GOLDEN.results) + 3)
    broken = replace(GOLDEN, header=header)
    assert "  INCOMPLETE: 3 planned checks were not run" in summary([broken])


def test_a_failure_is_told_with_its_clause_its_input_and_how_to_see_it_again() -> None:
    alone = replace(GOLDEN, footer=ENDED, results=(FAILED,))
    lines = complaints(judge(alone)).splitlines()

    assert f"FAILED {FAILED.check}" in lines
    assert f"  {FAILED.message}" in lines
    assert f"  clause {FAILED.clause}" in lines
    assert FAILED.failure is not None
    assert lines[-1] == f"  again: {FAILED.failure.command}"


def test_a_few_failures_are_told_and_the_others_counted() -> None:
    many = [_told(f"value{n}", f"mistake {'x' * n}") for n in range(SHOWN + 4)]
    text = complaints(judge(replace(GOLDEN, footer=ENDED, results=tuple(many))))
    assert text.count("FAILED ") == SHOWN
    assert "and 4 more new failures; see the report" in text


def test_failures_that_say_the_same_are_told_once_with_their_checks() -> None:
    same = [_told(f"value{n}", "divides by T; see https://x.org/1") for n in range(12)]
    text = complaints(judge(replace(GOLDEN, footer=ENDED, results=tuple(same))))
    assert text.count("FAILED ") == 1
    assert "  divides by T: 12 checks\n" in text
    assert "masked_mean/value1:float32:eager, " in text
    assert " ".join(text.split()).endswith("and 3 more")


def test_kinds_that_are_left_out_are_counted() -> None:
    kinds = [_told(f"value{n}", f"mistake {'x' * n}") for n in range(SHOWN + 2)]
    more = [_told(f"other{n}", "mistake " + "x" * SHOWN) for n in range(10)]
    text = complaints(judge(replace(GOLDEN, footer=ENDED, results=(*kinds, *more))))
    assert "and 12 more new failures of 2 kinds; see the report" in text


def test_an_operation_that_answers_by_chance_is_called_so() -> None:
    first = "masked_mean/value:float32:eager"
    results = [
        structs.replace(FAILED, check=check, unstable=first, failure=None)
        for check in (first, "masked_mean/contract:float32:eager")
    ]
    lines = " ".join(summary([replace(GOLDEN, results=tuple(results))]).split())
    assert (
        "NON-DETERMINISTIC masked_mean: two answers to one question in 2 checks, first "
        f"in {first}" in lines
    )


def _told(item: str, diagnosis: str) -> records.Result:
    check = f"masked_mean/{item}:float32:eager"
    failure = records.Failure(diagnosis=diagnosis)
    return structs.replace(FAILED, check=check, failure=failure)


def test_an_entry_that_no_longer_holds_is_told() -> None:
    assert GOLDEN.footer is not None
    (stale,) = GOLDEN.footer.stale
    assert complaints(judge(GOLDEN)).splitlines()[-1] == f"STALE {stale}"


def test_a_run_without_complaints_says_nothing() -> None:
    passed = structs.replace(FAILED, outcome="passed", failure=None)
    assert complaints(judge(replace(GOLDEN, footer=ENDED, results=(passed,)))) == ""


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.commands.terminal.EVERY", -1.0)
    with Progress("made") as progress:
        progress(3, 40)
    assert capsys.readouterr().err == "made: 3 of 40 checks\n"


def test_what_is_not_offered_is_not_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def count() -> int:
        asked.append(1)
        return 12

    with Progress("made", count=count) as progress:
        progress(3, 40)
        assert asked == []  # nothing is shown yet
        monkeypatch.setattr("conformance.commands.terminal.EVERY", -1.0)
        progress(0, 0)
        progress(3, 40)
        progress(5, 40)
    said = capsys.readouterr().err.splitlines()
    assert said == ["made: begins", "made: 3 of 12 checks", "made: 5 of 12 checks"]
    assert asked == [1]


def test_nothing_is_said_of_a_run_that_is_quick(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress("made") as progress:
        progress(3, 40)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("made") as progress:
        progress(0, 0)
        progress(3, 40)


def test_prose_is_wrapped_to_eighty_columns_and_links_are_whole() -> None:
    known = records.Known(reason="a reason of many words " * 9, url="https://x/" * 12)
    told = structs.replace(FAILED, known=known)
    broken = replace(GOLDEN, footer=None, results=(told,), problems=("it broke " * 20,))
    lines = summary([broken]).splitlines()

    assert [line for line in lines if len(line) > 80] == [f"    {known.url}"]
    assert "  known, 1 check: a reason of many words " in "\n".join(lines)


def test_an_operation_of_which_nothing_was_run_is_not_called_passed() -> None:
    header = structs.replace(GOLDEN.header, operations=["masked_max", "masked_mean"])
    lines = summary([replace(GOLDEN, header=header, results=(FAILED,))]).splitlines()
    assert "  masked_max   NOT RUN" in lines


def test_every_problem_of_a_run_is_told_once() -> None:
    broken = replace(GOLDEN, footer=None, problems=("line 5 is cut off", "no footer"))
    lines = summary([broken]).splitlines()
    assert lines[-2:] == [
        "  INCOMPLETE: line 5 is cut off",
        "  INCOMPLETE: no footer",
    ]


def test_nothing_that_is_printed_has_colour() -> None:
    told = summary([GOLDEN]) + complaints(judge(GOLDEN))
    assert "\x1b" not in told


@pytest.mark.parametrize(("variable", "coloured"), [("NO_COLOR", False), ("A", True)])
def test_the_bar_leaves_colour_out_where_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    *,
    coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("made") as progress:
        progress(3, 40)
    told = capsys.readouterr().err

    assert "made" in told
    assert bool(re.search(r"\x1b\[[\d;]*3\d", told)) is coloured
    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", told).replace("\r", "\n")
    assert max(map(len, shown.splitlines())) <= 80


def test_a_dumb_terminal_gets_lines_and_no_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("conformance.commands.terminal.EVERY", -1.0)
    with Progress("made") as progress:
        progress(3, 40)
    assert capsys.readouterr().err == "made: 3 of 40 checks\n"
