"""Say in words which positions a leak changes, and what that means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.locate import Location
    from conformance.probe.runs import Origin
    from conformance.probe.subject import ProbedModel

_SELECT = (
    *("aten.select", "aten.slice", "aten.index", "aten.narrow"),
    *("slice", "dynamic_slice", "gather", "squeeze"),
)
_FLIP = ("aten.flip", "rev", "reverse")
_WINDOWS = (
    *("convolution", "conv_", "conv1d", "conv2d", "conv3d", "depthwiseconv"),
    *("mkldnn_convolution", "slow_conv", "im2col", "unfold", "extractimagepatches"),
    *("max_pool", "avg_pool", "maxpool", "avgpool", "reduce_window"),
)
"""How operations begin that look at a window around each position, in small letters."""


_AGREES = "its input agrees at every valid position, its output"
TEXTS = {
    "reversed": "the row is reversed with its padding, which comes first then",
    "statistic": f"{_AGREES} is one for all rows: a statistic over the batch",
    "positions": (
        "it is the same for every row: it depends on T or on where a row stands"
    ),
    "one position": "one position is read, and padding stands there",
    "all rows": "a row without padding changes too: a statistic over the batch",
    "sum": (
        f"{_AGREES} has no positions: a sum or a mean over T that takes padding in, a "
        "state that goes on over it, or one position that is padding"
    ),
    "count": "what goes in agrees and has no positions: T comes in, as a count does",
    "rows": "what goes in agrees and has no positions: other rows come in",
    "count or rows": (
        "what goes in agrees and has no positions: T comes in, as a count does, or "
        "other rows"
    ),
    "window": (
        f"{_AGREES} differs at the last {{}} of the row: a window that reaches over "
        "the row's end"
    ),
    "wide window": (
        f"{_AGREES} differs at all of them: a window as wide as the row, which reaches "
        "over its end"
    ),
    "start": (
        "its output differs at the first {} of the row: a window or a state that "
        "begins in padding"
    ),
    "whole row": (
        f"{_AGREES} differs at all of them: a sum, a softmax or a normalisation over T "
        "that takes padding in"
    ),
}
"""What each pattern means."""


def pattern_of(
    subject: ProbedModel, answer: ProbeAnswer, origin: Origin
) -> tuple[str, str]:
    """Return a pattern's name and a sentence about it."""
    name, count = _name(subject, answer, origin)
    text = TEXTS[name].format("one" if count == 1 else count)
    plain = {"statistic": "all rows", "sum": "whole row", "wide window": "window"}
    return plain.get(name, name), text


def _name(subject: ProbedModel, answer: ProbeAnswer, origin: Origin) -> tuple[str, int]:
    """Return a pattern's name, and how many positions it changes at an end."""
    places = _places(origin)
    left = answer.question.startswith("left")
    known: dict[str, bool] = {
        "reversed": origin.site.op.startswith(_FLIP),
        "statistic": not origin.batched and origin.fed and not left,
        "positions": not origin.batched or origin.same_rows,
        "one position": (
            origin.sequences and origin.site.op.startswith(_SELECT) and places is None
        ),
    }
    for name, fits in known.items():
        if fits:
            return name, 0
    if _full_row(subject, answer):
        return "all rows", 0
    if places is None:
        return "sum" if origin.sequences else _name_number(answer), 0
    name, count = _along(places)
    if name == "whole row" and _is_window(origin.site.op):
        return "wide window", count
    return name, count


def _name_number(answer: ProbeAnswer) -> str:
    """Return what a difference comes from, where nothing with positions went in."""
    if answer.pair is None:
        return "count or rows"
    one, other = answer.pair
    if one.time == other.time:
        return "rows"
    return "count" if one.rows == other.rows else "count or rows"


def _is_window(op: str) -> bool:
    """Tell whether an operation looks at a window around each position.

    One that reaches further than the row is long changes all of it, as a sum does.
    """
    return op.lower().removeprefix("aten.").lstrip("_").startswith(_WINDOWS)


def _along(places: Sequence[float]) -> tuple[str, int]:
    """Return the pattern along time: an end of the row, or all of it."""
    changed = [at for at, size in enumerate(places) if size > 0]
    count, length = len(changed), len(places)
    if count < length and changed == list(range(length - count, length)):
        return "window", count
    if count < length and changed == list(range(count)):
        return "start", count
    return "whole row", count


def _full_row(subject: ProbedModel, answer: ProbeAnswer) -> bool:
    """Tell whether a row without padding changes where only padding was changed."""
    if answer.question != "other-numbers" or answer.pair is None:
        return False
    one, _ = answer.pair
    full = [
        row
        for row, places in zip(one.rows, one.places, strict=True)
        if len(places) == one.time
    ]
    output = subject.output(answer.output)
    if output is None or answer.mode is None or not full:
        return False
    found = dict(subject.difference(output, *answer.pair, answer.mode).rows)
    return any(found.get(row, 0) > answer.size * 1e-6 for row in full)


def _places(origin: Origin) -> list[float] | None:
    """Return the difference at each valid position; None where there is no time."""
    flat = [factor for axis in origin.layout for factor in axis]
    times = [at for at, each in enumerate(flat) if each.kind in {"time", "strided"}]
    if not times or origin.gap.ndim != len(flat):
        return None
    # Of two axes of time the first one is the position that asks.
    others = tuple(axis for axis in range(origin.gap.ndim) if axis != times[0])
    gap = np.abs(origin.gap).max(axis=others, initial=0)
    floor = gap.max(initial=0) * 1e-6
    return [float(each) if each > floor else 0.0 for each in gap]


def limit(
    subject: ProbedModel, answer: ProbeAnswer, location: Location
) -> ProbeAnswer | None:
    """Return the answer as a limit, where the model's interface explains it."""
    asked = {"left", "left-numbers"}
    if answer.question not in asked or "left" in subject.settings.placements:
        return None
    if location.pattern == "positions" and not subject.interface.positions:
        why = "the model is told no positions, and padding on the left moves them"
        return replace(answer, kind="limit", why=why)
    output = subject.output(answer.output)
    if location.pattern == "one position" and output is not None and not output.timed:
        why = f"{answer.output} reads position 0, which is padding on the left"
        return replace(answer, kind="limit", why=why)
    return None
