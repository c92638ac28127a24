"""What came of one question about one output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from conformance.probe.arrangement import Arrangement
    from conformance.probe.frameworks.base import Mode

Kind = Literal[
    "same", "noise", "leak", "nan", "raises", "unclear", "limit", "not asked"
]

CLEAN: tuple[Kind, ...] = ("same", "noise")
"""What holds."""

BAD: tuple[Kind, ...] = ("leak", "raises")
"""What does not; everything else is no verdict."""

_WORST: tuple[Kind, ...] = (
    *("raises", "leak", "unclear", "limit", "nan", "noise", "same", "not asked"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What came of one question.

    Attributes:
        question: The question's name.
        output: Which output; empty where the question is about no single one.
        kind: What it is. ``limit`` is a difference that the model's interface explains,
            such as a pooler that reads position 0, which is padding on the left.
        text: What a reader sees behind the kind.
        why: The evidence, or why it was not asked.
        size: The difference.
        signal: The largest value at positions that count.
        ulp: The difference in units in the last place.
        times: How many times larger than rounding noise a leak is.
        row: The content row with the largest difference; -1 is none.
        by_place: The difference at each valid position of that row.
        pair: The two arrangements; a leak is looked for between them.
        mode: How the model was called.
        parameter: The parameter that it is about, where it is about one.
    """

    question: str
    kind: Kind
    output: str = ""
    text: str = ""
    why: str = ""
    size: float = 0.0
    signal: float = 0.0
    ulp: float = 0.0
    times: float = 0.0
    row: int = -1
    by_place: tuple[float, ...] = ()
    pair: tuple[Arrangement, Arrangement] | None = None
    mode: Mode | None = None
    parameter: str = ""

    @property
    def rank(self) -> int:
        """How bad it is; the worst is 0."""
        return _WORST.index(self.kind)


def worst(answers: list[ProbeAnswer]) -> ProbeAnswer:
    """Return the worst of some answers; the largest of leaks."""
    return min(answers, key=lambda each: (each.rank, -each.size / (each.signal or 1)))
