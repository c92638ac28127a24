"""Failures that say the same are one."""

from __future__ import annotations

from conformance.records import Failure, Result, fold, gist


def failed(item: str, message: str = "", **parts: str) -> Result:
    unstable = parts.pop("unstable", "")
    return Result(
        check=f"masked_mean/{item}:float32:eager",
        outcome="failed",
        message=message,
        failure=Failure(**parts),  # type: ignore[arg-type]
        unstable=unstable,
    )


def test_one_mistake_is_one_line_whatever_its_thread() -> None:
    found = fold(
        [
            failed("a", diagnosis="x * mask; see https://example.org/1"),
            failed("b", "out[0] = 1"),
            failed("c", diagnosis="x * mask"),
        ]
    )
    assert [each.line for each in found] == [
        "x * mask: 2 checks",
        "out[0] = 1: 1 check",
    ]
    assert found[0].others == ["masked_mean/c:float32:eager"]


def test_messages_that_differ_in_their_numbers_are_one() -> None:
    said = [
        "out[0] = 0.5, expected 1 within 1.2e-07",
        "out[3] = -2, expected nan within 2e-7",
    ]
    (found,) = fold([failed(str(n), text) for n, text in enumerate(said)])
    assert found.title == said[0]


def test_what_is_wrong_by_chance_is_one_whatever_it_gives() -> None:
    first = "masked_mean/a:float32:eager"
    results = [failed("a", "x", unstable=first), failed("b", "y", unstable=first)]
    assert [each.line for each in fold(results)] == [
        "two answers to one question: 2 checks"
    ]


def test_a_failure_without_evidence_has_nothing_in_common() -> None:
    assert gist(Result(check="masked_mean/a:float32:eager", outcome="errored")) == ""
