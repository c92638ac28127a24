"""A recorded difference is seen on the recorded input, before anything is drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from conformance import gate
from conformance.adapters.load import known_file, read_declarations
from conformance.errors import KnownError
from conformance.run import replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.records import Result
    from conformance.run.session import Session

    Told = Callable[[str, str], tuple[Session, Result]]

DIVIDES = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)
"""
KNOWN = """
[[known]]
checks = ["masked_mean/value:*"]
kind = "failed"
reason = "divides by T"
{more}
[known.smallest]
check = "masked_mean/value:float32:eager"
mask = [[true, false, false]]
[known.smallest.inputs]
x = [[3.0, 0.0, 5.0]]
"""
VALUE = "masked_mean/value:float32:eager"
BROKEN = {
    "x = [[3.0, 0.0, 5.0]]": (
        ("x = [[3.0, 0.0]]", "smallest: x: expected a shape that begins"),
        ("x = [[3.0, 0.0], [5.0]]", "smallest: x: expected nested lists, rows of"),
        ('x = [[3.0, "NaN", 5.0]]', "x.0..1.: got 'NaN', expected a number or one of"),
        ("y = [[3.0, 0.0, 5.0]]", "smallest.inputs.x: got nothing, expected an array"),
        ("x = 3", "smallest: x: expected nested lists"),
    ),
    "mask = [[true, false, false]]": (
        ("mask = [[1, 0, 0]]", "smallest: mask: expected true and false only"),
        (
            "mask = [true, false, false]",
            "smallest: mask: expected rows of equal length",
        ),
        ("mask = [[[true, false]]]", "smallest: mask: expected rows of equal length"),
    ),
    'check = "masked_mean/value:float32:eager"': (
        ('check = "masked_mean"', "check: 'masked_mean' is not a check id"),
        ("check = 3", "check: 3 is not a check id"),
        (
            'check = "masked_meen/value:float32:eager"',
            "smallest.check: there is no variant masked_meen",
        ),
        ("extra = 3", "smallest: extra: unknown, expected one of check, inputs"),
    ),
}


@pytest.fixture
def told(opened: Callable[..., Session], written: Callable[[str], Path]) -> Told:
    """Open a session on a body with a file of known differences, and run a check."""

    def run(body: str, known: str) -> tuple[Session, Result]:
        path = written(body).with_suffix(".toml")
        path.write_text(known, encoding="utf-8")
        session = opened(body)
        (wanted,) = [each for each in session.planned if each.id == VALUE]
        return session, session.run(wanted)

    return run


def test_the_recorded_input_is_tried_first(told: Told) -> None:
    _, result = told(DIVIDES, KNOWN.format(more=""))
    assert result.known is not None
    assert result.failure is not None
    assert result.known.reason == "divides by T"
    assert result.failure.inputs["x"] == [[3.0, 0.0, 5.0]]
    assert result.failure.shrunk


def test_where_it_passes_the_rest_is_drawn_all_the_same(
    told: Told,
) -> None:
    harmless = KNOWN.format(more="").replace(
        "mask = [[true, false, false]]", "mask = [[true, true, true]]"
    )
    _, result = told(DIVIDES, harmless)
    assert result.outcome == "failed"
    assert result.failure is not None
    assert result.failure.inputs["x"] != [[3.0, 0.0, 5.0]]


def test_an_entry_for_other_versions_is_not_replayed(
    told: Told,
) -> None:
    other = KNOWN.format(more='versions = "numpy<1"')
    _, result = told(DIVIDES, other)
    assert result.known is None
    assert result.failure is not None
    assert result.failure.inputs["x"] == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(old, new, said) for old, each in BROKEN.items() for new, said in each],
)
def test_an_input_that_cannot_be_replayed_is_named(
    old: str, new: str, said: str, told: Told
) -> None:
    with pytest.raises(KnownError, match=r"wrong.toml, entry 1, field .*" + said):
        told(DIVIDES, KNOWN.format(more="").replace(old, new))


def test_every_recorded_input_of_ours_can_be_replayed() -> None:
    found = 0
    for declaration in read_declarations().values():
        entries = gate.load_known(known_file(declaration))
        found += len(replay.smallest_cases(entries))
    assert found > 50


@pytest.mark.parametrize(
    ("days", "stale"), [(-1, ["which is past (divides by T)"]), (0, []), (1, [])]
)
def test_an_entry_past_its_date_is_a_complaint_in_any_run(
    days: int, stale: list[str], told: Told
) -> None:
    day = datetime.now(UTC).date() + timedelta(days=days)
    session, _ = told(DIVIDES, KNOWN.format(more=f"review-by = {day}"))
    found = session.close()
    assert len(found) == len(stale)
    for complaint, part in zip(found, stale, strict=True):
        assert f"to be reviewed by {day}, {part}" in complaint
        assert "look at it again and set another review-by" in complaint


def test_a_date_that_is_none_is_refused(told: Told) -> None:
    with pytest.raises(KnownError, match=r"field review-by: .*a date such as 2027"):
        told(DIVIDES, KNOWN.format(more='review-by = "soon"'))
