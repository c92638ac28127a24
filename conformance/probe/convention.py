"""What true means in a mask, where its name does not say: the model itself is asked.

Some libraries call a mask ``padding_mask`` that is true at padding, others one that is
true where a position counts. A guess that is wrong would call a right model leaky, and
a leaky one right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.arrangement import Arrangement, place
from conformance.probe.frameworks.base import Mode
from conformance.probe.interface import Convention, TargetError

if TYPE_CHECKING:
    from conformance.probe.arrangement import Array
    from conformance.probe.compare import Output
    from conformance.probe.subject import ProbedModel

UNDECIDED = ("padding_mask", "pad_mask")
"""Names that libraries use in both senses."""

TIMES = 4.0
"""How much more must depend on what counts than on padding. A model that masks all
but one of its layers depends on padding too; where the two come close, nothing is
decided."""

SAME = 1e-4
"""Share of the signal below which two answers are the same: far above rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskMeaning:
    """What a model shows of what its mask means.

    Attributes:
        convention: ``keep`` or ``padding``; ``none`` where that cannot be told.
        read: Whether the mask changes anything.
        why: The evidence.
    """

    convention: Convention
    read: bool
    why: str


def settle(subject: ProbedModel) -> tuple[ProbedModel, str]:
    """Return the model with what its mask means, and what a reader should know of it.

    Raises:
        TargetError: Neither its name nor the model shows what true means.
    """
    interface = subject.interface
    if not interface.guessed or interface.mask not in UNDECIDED:
        return subject, ""
    found = weigh(subject)
    name = interface.mask
    if not found.read:
        return subject, ""
    if found.convention == "none":
        msg = (
            f"{name}: some libraries set it true at padding, others where a position "
            f"counts, and the model does not show which: {found.why}; say "
            f"--mask {name}=padding or --mask {name}=keep"
        )
        raise TargetError(msg)
    text = (
        f"{name} is taken as true = {found.convention}, which its name does not say: "
        f"{found.why}"
    )
    if found.convention != interface.convention:
        changed = replace(interface, convention=found.convention)
        subject = subject.with_interface(changed)
    return subject, text


def doubt(subject: ProbedModel) -> str:
    """Say so where a model behaves as if its mask meant the opposite of its name."""
    interface = subject.interface
    guess, name = interface.convention, interface.mask
    known = interface.guessed and name not in UNDECIDED
    if not known or guess not in {"keep", "padding"}:
        return ""
    found = weigh(subject)
    if found.convention in {"none", guess}:
        return ""
    return (
        f"{name} is taken as true = {guess}, by its name, but the model answers as if "
        f"true = {found.convention}: {found.why}. If that is what it means, say "
        f"--mask {name}={found.convention}"
    )


def weigh(subject: ProbedModel) -> MaskMeaning:
    """Return what a model shows of what true means in its mask.

    Where the mask can be left out, the one of both that is all true or all false and
    gives the same takes nothing away. Else content is changed where the mask is true,
    and where it is false: what stands at padding matters less.
    """
    return _by_leaving_out(subject) or _by_content(subject)


def _by_leaving_out(subject: ProbedModel) -> MaskMeaning | None:
    if not subject.interface.mask_optional:
        return None
    every = tuple(range(subject.sizes.time))
    try:
        none = _outputs(subject, replace(_full(subject), mask=False))
        true = _outputs(subject, _set_mask(subject, every))
        false = _outputs(subject, _set_mask(subject, ()))
    except Exception:  # noqa: BLE001 - a stranger's model raises anything
        return None
    like_true, like_false = are_same(none, true), are_same(none, false)
    if like_true == like_false:
        return None
    which, other = ("true", "false") if like_true else ("false", "true")
    return MaskMeaning(
        convention="keep" if like_true else "padding",
        read=True,
        why=f"all {which} gives what no mask gives, all {other} does not",
    )


def _by_content(subject: ProbedModel) -> MaskMeaning:
    reaction = _Reaction()
    time = subject.sizes.time
    cut = time // 2
    head, tail = tuple(range(cut)), tuple(range(cut, time))
    masked: list[dict[str, Array]] = []
    for true in (head, tail):
        batch = _set_mask(subject, true)
        try:
            base, back, both = (
                _outputs(subject, replace(batch, changed=each)) for each in (-1, cut, 1)
            )
        except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
            why = f"with half of it true it raised {type(error).__name__}"
            return MaskMeaning(convention="none", read=True, why=why)
        masked.append(base)
        # From cut on, base and back differ; before it, back and both.
        for changed, pair in ((tail, (base, back)), (head, (back, both))):
            for seen in (head, tail):
                size = _change(subject, pair, seen)
                reaction.add(changed == true, seen == true, size)
    if are_same(*masked):
        return MaskMeaning(convention="none", read=False, why="it changes nothing")
    return reaction.judge()


class _Reaction:
    """How much answers change: by where content changed, and where they are seen."""

    def __init__(self) -> None:
        self.sizes: dict[tuple[bool, bool], float] = {}

    def add(self, changed: bool, seen: bool, size: float) -> None:  # noqa: FBT001
        """Add a change; both are told by whether the mask is true there."""
        key = changed, seen
        self.sizes[key] = self.sizes.get(key, 0.0) + size / 2

    def judge(self) -> MaskMeaning:
        """Return what the changes say."""
        # Elsewhere than where content changed: padding reaches nothing that counts.
        true, false = self.sizes[True, False], self.sizes[False, True]
        # Where it changed: what counts answers to its own content.
        keeps, pads = self.sizes[True, True] > SAME, self.sizes[False, False] > SAME
        why = (
            f"what stands where it is true changes {true:.0%} of the answer elsewhere, "
            f"what stands where it is false {false:.0%}"
        )
        convention: Convention = "none"
        if max(true, false) > SAME:
            if keeps and max(true, SAME) >= TIMES * max(false, SAME / TIMES):
                convention = "keep"
            elif pads and max(false, SAME) >= TIMES * max(true, SAME / TIMES):
                convention = "padding"
        elif keeps != pads:
            convention = "keep" if keeps else "padding"
            where = "true" if keeps else "false"
            why = f"the answer depends on its own content only where it is {where}"
        return MaskMeaning(convention=convention, read=True, why=why)


def _full(subject: ProbedModel) -> Arrangement:
    time = subject.sizes.time
    return place(subject.rows, [time] * len(subject.rows), time)


def _set_mask(subject: ProbedModel, true: tuple[int, ...]) -> Arrangement:
    """Return a full batch whose mask is true at some places."""
    rest = tuple(at for at in range(subject.sizes.time) if at not in set(true))
    shown = rest if subject.interface.convention == "padding" else true
    return replace(_full(subject), shown=(shown,) * len(subject.rows))


def _outputs(subject: ProbedModel, batch: Arrangement) -> dict[str, Array]:
    found = subject.answer(batch, Mode(dtype=subject.dtype))
    return {each.name: found[each.name] for each in subject.outputs}


def are_same(one: dict[str, Array], other: dict[str, Array]) -> bool:
    """Tell whether two answers by name are the same but for rounding."""
    for name, first in one.items():
        a = np.asarray(first, dtype=float)
        b = np.asarray(other[name], dtype=float)
        if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return False
        finite = np.isfinite(a)
        gap = float(np.max(np.abs(a[finite] - b[finite]), initial=0))
        if gap > SAME * float(np.max(np.abs(a[finite]), initial=0)):
            return False
    return True


def _change(
    subject: ProbedModel,
    pair: tuple[dict[str, Array], dict[str, Array]],
    places: tuple[int, ...],
) -> float:
    """Return how much an answer changes at some places: mean over mean, the largest."""
    found = [0.0]
    for output in subject.outputs:
        a, b = (
            _select(np.asarray(each[output.name], dtype=float), output, subject, places)
            for each in pair
        )
        if a.shape != b.shape:
            continue
        finite = np.isfinite(a) & np.isfinite(b)
        if finite.any():
            signal = float(np.mean(np.abs(a[finite]))) or 1.0
            found.append(float(np.mean(np.abs(a[finite] - b[finite]))) / signal)
    return max(found)


def _select(
    array: Array, output: Output, subject: ProbedModel, places: tuple[int, ...]
) -> Array:
    """Return the part of an answer that is about some places; all where it has none."""
    for axis, factors in enumerate(output.layout):
        if len(factors) != 1 or factors[0].kind not in {"time", "strided"}:
            continue
        # A frame counts where everything that it stands for does.
        share = subject.sizes.time / array.shape[axis]
        inside = [
            at
            for at in range(array.shape[axis])
            if int(at * share) in places and int((at + 1) * share - 1e-9) in places
        ]
        array = np.take(array, inside, axis)
    return array
