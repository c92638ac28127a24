"""What a runner makes of verdicts, exceptions and answers that do not repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conformance.check.law import NARROW, WIDE, batch_sizes
from conformance.specification.selection import Selection
from conformance.trial.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.records import Result
    from conformance.run.session import Session

    Opened = Callable[..., Session]

RIGHT = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(wide, x, 0).sum(axis=1)
    return (total / wide.sum(axis=1)).astype(x.dtype)
"""
DIVIDES = RIGHT.replace("wide.sum(axis=1)", "x.shape[1]")
KNOWN = """
[[known]]
checks = ["masked_mean/value:*"]
kind = "failed"
reason = "divides by T"
url = "https://example.org/issues/1"
since = "2"
"""
VALUE = Selection(checks=("masked_mean/value:float32:*",))


def judged(session: Session) -> list[Result]:
    found = [session.run(check) for check in session.planned]
    return [msgspec.structs.replace(result, ms=0.0) for result in found]


def test_the_same_seed_gives_the_same_record(opened: Opened) -> None:
    first, second = judged(opened(DIVIDES)), judged(opened(DIVIDES))
    assert first == second
    assert {result.outcome for result in first} >= {"passed", "failed"}


def test_a_failing_check_does_not_change_the_next(opened: Opened) -> None:
    whole = {result.check: result for result in judged(opened(DIVIDES))}
    alone = judged(opened(DIVIDES, Selection(checks=("masked_mean/batch-order:*",))))
    assert [whole[result.check] for result in alone] == alone


def test_an_answer_that_is_wrong_once_is_non_deterministic(
    opened: Opened,
) -> None:
    body = "CALLS = []\n" + RIGHT.replace(
        "    return (total",
        "    CALLS.append(1)\n    return ((len(CALLS) == 1) + total",
    )
    result = judged(opened(body, VALUE))[0]
    assert result.outcome == "failed"
    assert result.message.startswith(
        "non-deterministic: two answers to one question: the same input failed in 1 "
        "of 6 attempts; at first: out["
    )
    assert result.unstable == result.check
    assert result.failure is not None
    assert not result.failure.shrunk


def test_a_law_that_judges_nothing_is_an_error(opened: Opened) -> None:
    session = opened(RIGHT, VALUE)
    check = session.planned[0]
    sample = session.runner.fixtures.turn(check, 0)
    finding = attempt(
        lambda *_: iter(()), session.runner.fixtures.subject(check), sample
    )
    assert (finding.passed, finding.errored) == (False, True)
    assert finding.verdict.message.startswith("the law judged nothing")


def test_a_long_exception_is_told_by_its_first_and_last_lines(opened: Opened) -> None:
    body = (
        "def masked_mean(x, mask):\n"
        "    raise ValueError('\\n'.join(map(str, range(20))))\n"
    )
    result = judged(opened(body, VALUE))[0]
    assert result.message == "raised ValueError: 0 ... 18 ... 19"


def test_a_recorded_difference_is_neither_shrunk_nor_named_again(
    opened: Opened, written: Callable[..., Path]
) -> None:
    written(DIVIDES).with_suffix(".toml").write_text(KNOWN, encoding="utf-8")
    result = judged(opened(DIVIDES, VALUE))[0]
    assert result.known is not None
    assert result.known.reason == "divides by T"
    assert result.failure is not None
    assert (result.failure.shrunk, result.failure.diagnosis) == (False, "")


def test_a_recorded_difference_that_passes_is_stale(
    opened: Opened, written: Callable[..., Path]
) -> None:
    written(RIGHT).with_suffix(".toml").write_text(KNOWN, encoding="utf-8")
    session = opened(RIGHT, VALUE)
    assert {result.known for result in judged(session)} == {None}
    assert any("divides by T" in line or "value" in line for line in session.stale())


@given(st.integers(1, 50_000), st.sampled_from([4, 8, 32, 64]), st.booleans())
def test_the_batches_hold_every_row_that_is_asked_for(
    examples: int,
    usual: int,
    wide: bool,  # noqa: FBT001 - given by Hypothesis
) -> None:
    sizes = batch_sizes(examples, usual, wide=wide)
    assert examples <= sum(sizes) < examples + usual
    assert set(sizes[:NARROW]) == {usual}
    assert max(sizes) <= (max(usual, WIDE) if wide else usual)


def test_a_fault_in_one_row_of_a_wide_batch_is_shrunk_to_that_row(
    opened: Opened,
) -> None:
    # Wrong where more rows than usual come, in one row of them.
    body = RIGHT.replace(
        "    return (total",
        "    total[:1] += (len(x) > 64) | (mask.sum() == 4)\n    return (total",
    )
    session = opened(body, VALUE)
    session.runner.examples = 6400
    result = session.run(session.planned[0])
    assert result.outcome == "failed"
    assert result.failure is not None
    assert np.shape(result.failure.mask)[0] == 1
