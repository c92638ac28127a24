"""What is said of a failure: once, in the same words wherever it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from conformance.commands.terminal import complaint
from conformance.records import Failure, Result, describe, parse_check, read
from conformance.report.columns import columns
from conformance.report.count import Difference
from conformance.report.markdown import issue
from conformance.suite import described

GOLDEN = read(Path(__file__).parent / "golden" / "torch.jsonl")
FAILED = next(
    each
    for each in GOLDEN.results
    if each.outcome == "failed" and each.failure and each.failure.diagnosis
)
ERRORED = Result(
    check="masked_mean/value:float32:eager",
    outcome="errored",
    failure=Failure(trace="ValueError: no", command="mask-conformance run torch"),
)


def failed(**parts: Any) -> Result:
    return Result(
        check="masked_mean/value:float32:eager",
        outcome="failed",
        message="out[0] = 0.5, expected 1",
        clause="masked_mean.value",
        failure=Failure(**parts),
    )


def test_a_failure_is_described_in_the_order_in_which_it_is_read() -> None:
    result = failed(
        inputs={"predictions": [[1.0, 0.0]]},
        mask=[[True, False]],
        got=[0.3333333432674408],
        want=[1.0],
        diagnosis="divides by T",
        command="mask-conformance run x",
    )
    said = describe(result, sentence="It is the mean.", catches="dividing by T")
    assert said.lines() == [
        "out[0] = 0.5, expected 1",
        "clause masked_mean.value: It is the mean.",
        "it catches dividing by T",
        "predictions = [[1, 0]]",
        "mask        = [[1, 0]]",
        "got         = [0.33333334]",
        "want        = [1]",
        "divides by T",
        "again: mask-conformance run x",
    ]


def test_what_is_not_judged_is_not_shown_as_a_wanted_number() -> None:
    result = failed(got=[[3.0, 7.0]], want=[[1.0, 0.0]], allowed=[[0.1, "inf"]])
    assert describe(result).values == ["got  = [[3, 7]]", "want = [[1, any]]"]


def test_a_bound_of_another_shape_hides_nothing() -> None:
    result = failed(got=[3.0], want=[1.0, 2.0], allowed=["inf"])
    assert describe(result).values[-1] == "want = [1, 2]"


def test_the_last_lines_of_a_traceback_are_kept() -> None:
    said = describe(failed(trace="one\ntwo\nthree\n"))
    assert said.lines(trace=2)[-2:] == ["| two", "| three"]
    assert said.lines()[-3:] == ["| one", "| two", "| three"]


@pytest.mark.parametrize("result", [FAILED, ERRORED], ids=["failed", "errored"])
def test_terminal_pytest_and_markdown_say_the_same(result: Result) -> None:
    (column,) = columns([GOLDEN])
    whole = structs.replace(result, message="told in one line")
    each = Difference(column=column, result=whole, check=parse_check(whole.check))
    markdown = issue(each, "")
    terminal, pytests = "\n".join(complaint(whole)), described(whole)
    said = describe(whole)
    assert said.values or said.trace
    for line in (*said.values, said.command):
        assert line in markdown
        assert line in terminal
        assert line in pytests


def test_a_reproducer_that_does_not_always_fail_says_so() -> None:
    often = "the same input failed in 1 of 6 attempts"
    said = describe(failed(command="mask-conformance run x", repeats=often))
    assert said.lines()[-2:] == [
        f"may not repeat: {often}",
        "again: mask-conformance run x",
    ]
