"""The two batches that a script compares, as expressions of torch or of NumPy.

In them, ``row`` is one row, ``zero`` and ``other`` are five positions of padding with
zeros and with other numbers, and ``more`` is another row, five positions longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.compare import Output
    from conformance.probe.examine import Report

PADDING = 5
"""Positions of padding in a script."""

SAME_WIDTH = ("other-numbers", "left-numbers", "beside", "order", "empty-row")
"""Questions whose two batches have as many positions."""

SHOWN = (*SAME_WIDTH, "more-padding", "alone", "left")
"""Questions that a script shows."""

_FULL = "length + 5"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptBatches:
    """Two batches and their masks.

    Attributes:
        length: Positions of ``row``.
        names: Which of ``zero``, ``other`` and ``more`` occur.
        rows: The batches.
        keep: Where positions count, true or false.
        picked: Which row of each is compared; -1 where there is one only.
    """

    length: int
    names: tuple[str, ...]
    rows: tuple[str, str]
    keep: tuple[str, str]
    picked: tuple[int, int] = (-1, -1)

    @property
    def lines(self) -> tuple[str, str]:
        """The lines that make the batches and their masks."""
        one, two = self.keep
        keep = f"[{one}] * 2" if one == two else f"[{one}, {two}]"
        return f"rows = [{', '.join(self.rows)}]", f"keep = {keep}"


def build_batches(question: str, length: int, cat: str, arange: str) -> ScriptBatches:
    """Return what a script compares to show a question's leak.

    Args:
        question: One of ``SHOWN``.
        length: Positions of the row that is compared.
        cat: The function that joins arrays.
        arange: The function that counts.
    """

    def join(*parts: str, axis: int = 1) -> str:
        return f"{cat}([{', '.join(parts)}], {axis})"

    def shorter(lengths: str) -> str:
        """Compare places with the lengths of two rows."""
        return f"{arange}({_FULL}) < {lengths}"

    left = question.startswith("left")
    padded = join("zero", "row") if left else join("row", "zero")
    valid = f"{arange}({_FULL})[None]" + (" >= 5" if left else " < length")
    whole = f"{arange}(length)[None] >= 0"
    second = f"{arange}(2)[:, None]"
    turned = join("more[:, 5:]", "more[:, :5]")
    names: tuple[str, ...] = ("zero",)
    rows, keep, picked = ("row", padded), (whole, valid), (-1, -1)
    if question in {"other-numbers", "left-numbers"}:
        names = ("zero", "other")
        rows = (padded, join("other", "row") if left else join("row", "other"))
        keep = (valid, valid)
    elif question == "alone":
        # Beside a longer row: what is wrong may come from there.
        names = ("zero", "more")
        rows = ("row", join(padded, "more", axis=0))
        keep, picked = (whole, shorter(f"{second} * 5 + length")), (-1, 0)
    elif question == "beside":
        names = ("zero", "more")
        rows = (join(padded, "more", axis=0), join(padded, turned, axis=0))
        lengths = f"{second} * 5 + length", f"length - {second} * (length - 1)"
        keep, picked = (shorter(lengths[0]), shorter(lengths[1])), (0, 0)
    elif question == "order":
        # Of two rows, each is beside the other in both orders.
        names, third = ("zero", "more"), f"({arange}(3)[:, None] {{}}) * 5 + length"
        rows = (
            join(padded, "more", turned, axis=0),
            join(turned, "more", padded, axis=0),
        )
        keep = (shorter(third.format("> 0")), shorter(third.format("< 2")))
        picked = (0, 2)
    elif question == "empty-row":
        names = ("zero", "more")
        rows = (padded, join(padded, "more", axis=0))
        keep, picked = (valid, shorter(f"length - {second} * length")), (-1, 0)
    return ScriptBatches(
        length=length, names=names, rows=rows, keep=keep, picked=picked
    )


def choose_length(report: Report, answer: ProbeAnswer) -> int:
    """Return the length of the row that shows a leak most."""
    lengths = report.subject.sizes.lengths
    return lengths[answer.row] if 0 <= answer.row < len(lengths) else max(lengths)


def find_axis(output: Output | None, *kinds: str) -> int:
    """Return the axis of an output that is of one of these kinds; -1 is none."""
    for at, axis in enumerate(output.layout if output is not None else ()):
        if any(factor.kind in kinds for factor in axis):
            return at
    return -1


def can_pick(output: Output | None, batches: ScriptBatches) -> bool:
    """Tell whether the rows that are compared can be picked from an output."""
    if batches.picked == (-1, -1):
        return True
    at = find_axis(output, "batch")
    return output is not None and at >= 0 and len(output.layout[at]) == 1


def cut(question: str, batches: ScriptBatches, output: Output | None) -> str:
    """Return the line that cuts the answers to what counts; empty where all does.

    Slices are written alike for torch and NumPy.

    Args:
        question: The question.
        batches: What is compared.
        output: What is read of the answers.
    """
    rows, time = find_axis(output, "batch"), find_axis(output, "time", "strided")
    made = []
    for name, at in zip(("one", "two"), batches.picked, strict=True):
        parts = [":"] * (max(rows, time) + 1)
        if at >= 0:
            parts[rows] = f"{at}:{at + 1}"
        if time >= 0:
            parts[time] = _span(question, name, f"one.shape[{time}]")
        while parts and parts[-1] == ":":
            parts.pop()
        made.append(f"{name}[{', '.join(parts)}]" if parts else name)
    if made == ["one", "two"]:
        return ""
    return f"two = {made[1]}" if made[0] == "one" else f"one, two = {', '.join(made)}"


def _span(question: str, name: str, width: str) -> str:
    """Return the slice of positions that count in both answers."""
    if question == "left-numbers":
        return f"{PADDING}:"
    if question in SAME_WIDTH:
        return ":length"
    if name == "one":
        return ":"
    return f"-{width}:" if question == "left" else f":{width}"
