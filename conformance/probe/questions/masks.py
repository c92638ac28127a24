"""Questions about the mask itself: is it read, and is a full one none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.answer import ProbeAnswer
from conformance.probe.arrangement import Arrangement, place
from conformance.probe.questions.ask import ArrangementPair, NotAskedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.frameworks.base import Mode
    from conformance.probe.subject import ProbedModel

_TOLERANCE = 1e-7
"""Share of the signal above which an answer counts as another one: rounding of one
number in float32. No verdict on a leak hangs on it."""


def mask_read(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether the mask changes anything at positions that stay."""
    question, interface = "mask-read", subject.interface
    if not interface.masked:
        why = (
            "the model takes no mask: every answer below is about padding that it sees"
        )
        yield ProbeAnswer(question=question, kind="not asked", why=why)
        return
    if interface.convention == "value":
        why = "the mask is read from the padding value; the questions below show it"
        yield ProbeAnswer(question=question, kind="not asked", why=why)
        return
    mixes = _mixes(subject, mode)
    read = _reads(subject, mode)
    if read > _TOLERANCE:
        text = f"yes: taking positions away changes {read:.1%} of the signal"
        yield ProbeAnswer(question=question, kind="same", text=text, mode=mode)
    elif mixes <= _TOLERANCE:
        why = "no position reads another one, so nothing has to be masked"
        yield ProbeAnswer(question=question, kind="same", text=why, mode=mode)
    elif not _reads_later(subject, mode):
        text = "no; but no position reads a later one, so padding on the right is safe"
        yield ProbeAnswer(
            question=question, kind="limit", text=text, why=text, mode=mode
        )
    else:
        text = f"NO: {interface.mask} changes nothing, and positions read each other"
        yield ProbeAnswer(
            question=question, kind="leak", text=text, why=text, size=mixes, mode=mode
        )


def _full_arrangement(subject: ProbedModel) -> Arrangement:
    time = subject.sizes.time
    return place(subject.rows, [time] * len(subject.rows), time)


def _reads(subject: ProbedModel, mode: Mode) -> float:
    """Return how much the answer changes at positions that a smaller mask leaves."""
    full, time = _full_arrangement(subject), subject.sizes.time
    shares = [0.0]
    cut = max(1, time // 3)
    kept = [tuple(range(cut, time)), tuple(range(time - cut))]
    if subject.interface.convention == "lengths":
        kept = kept[1:]
    for places in kept:
        shown = (places,) * full.batch
        # Both views name the places that stay, so that they are what is compared.
        narrow = replace(full, shown=shown)
        shares.append(_share(subject, full, narrow, places, mode))
    return max(shares)


def _share(
    subject: ProbedModel,
    one: Arrangement,
    other: Arrangement,
    places: tuple[int, ...],
    mode: Mode,
) -> float:
    """Return the largest change at some places, as a share of the signal."""
    first, second = subject.answer(one, mode), subject.answer(other, mode)
    found = [0.0]
    for output in subject.outputs:
        axes = _time_axes(output.layout)
        for a, b in [(first[output.name], second[output.name])]:
            x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
            if x.shape != y.shape:
                found.append(1.0)
                continue
            for axis in axes:
                chosen = [at for at in places if at < x.shape[axis]]
                x, y = np.take(x, chosen, axis), np.take(y, chosen, axis)
            gap = np.abs(np.where(np.isfinite(x) & np.isfinite(y), x - y, 0))
            top = float(np.max(np.abs(x[np.isfinite(x)]), initial=0)) or 1.0
            found.append(float(gap.max(initial=0)) / top)
    return max(found)


def _time_axes(layout: object) -> list[int]:
    """Return the axes that are nothing but time."""
    axes = layout if isinstance(layout, tuple) else ()
    return [
        at for at, axis in enumerate(axes) if len(axis) == 1 and axis[0].kind == "time"
    ]


def _mixes(subject: ProbedModel, mode: Mode) -> float:
    """Return how much a position's content changes the answer at the others."""
    full = _full_arrangement(subject)
    cut = subject.sizes.time // 2
    changed = replace(full, changed=cut)
    before = _share(subject, full, changed, tuple(range(cut)), mode)
    return max(before, _measure_later(subject, mode))


def _measure_later(subject: ProbedModel, mode: Mode) -> float:
    """Return how much earlier content changes later positions."""
    time = subject.sizes.time
    full = _full_arrangement(subject)
    others = replace(full, rows=tuple(row + 500 for row in full.rows))
    last = (time - 1,)
    # Two contents that share only their last part: the strangers' rows up to it.
    one = replace(others, changed=time - 1)
    two = replace(others, changed=1)
    return _share(subject, one, two, last, mode)


def _reads_later(subject: ProbedModel, mode: Mode) -> bool:
    """Tell whether a position reads a later one."""
    full = _full_arrangement(subject)
    cut = subject.sizes.time // 2
    changed = replace(full, changed=cut)
    return _share(subject, full, changed, tuple(range(cut)), mode) > _TOLERANCE


def full_mask(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield a batch without padding, with its mask and without any."""
    interface = subject.interface
    if not interface.mask:
        why = "the model takes no mask"
        raise NotAskedError(why)
    if not interface.mask_optional:
        why = f"{interface.mask} cannot be left out"
        raise NotAskedError(why)
    full = _full_arrangement(subject)
    yield ArrangementPair(one=full, other=replace(full, mask=False))
