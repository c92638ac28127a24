"""Find the operation where a gradient comes to padding, by walking the way back.

The gradient at padding is not zero. From the input on, follow what handed it on: an
operation whose result's gradient has something at padding was handed it itself; the one
whose result's gradient has nothing there is where it comes in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.align import Layout, find_padding, layouts
from conformance.probe.locate import Location
from conformance.probe.noise import UNIT
from conformance.probe.questions.gradients import cotangents, sum_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.subject import ProbedModel
    from conformance.probe.trace import GradientStep, Zeroed

TEXT = (
    "on the way back: the gradient of its result is zero at padding, the one that it "
    "hands on is not"
)
CLOSED = 1e-2
"""Share of a parameter's leak that may be left: its sums are in float32."""

OWN = "on the way back: the parameter's gradient is made here"


def locate_gradient(subject: ProbedModel, answer: ProbeAnswer) -> Location | None:
    """Return where a gradient comes to padding; None where nothing can be said.

    Args:
        subject: The model.
        answer: A leak of the gradient at padding, or of a parameter's gradient.
    """
    walk = GradientWalk.start(subject, answer)
    if walk is None:
        return None
    walk.follow(answer.parameter or answer.output)
    if not walk.origins:
        return _between(walk)
    first, *more = sorted(walk.origins)
    sites = [walk.steps[at].site for at in (first, *more)]
    others = dict.fromkeys(each.path for each in sites[1:])
    others.pop(sites[0].path, None)
    return Location(
        site=sites[0],
        before=walk.steps[walk.unknown[0]].site if walk.unknown else None,
        others=tuple(
            next(each for each in sites if each.path == path) for path in others
        ),
        pattern="gradient",
        text=OWN if walk.own else TEXT,
        checked=walk.closes(answer),
    )


def _between(walk: GradientWalk) -> Location | None:
    if not walk.unknown:
        return None
    sites = [walk.steps[at].site for at in walk.unknown]
    text = "the axes of what stands between cannot be told on the way back"
    return Location(site=sites[-1], before=sites[0], pattern="between", text=text)


@dataclass(slots=True, kw_only=True)
class GradientWalk:
    """The way back of one call, and of two of other sizes, which tell axes apart.

    Attributes:
        subject: The model.
        steps: The operations.
        far: By what identifies a step, the same step in the other calls.
        again: Walks back once more, with some gradients set to zero.
        origins: Numbers of the steps where it comes in.
        unknown: Numbers of the steps that could not be judged.
        zeroed: What setting to zero would close it.
        own: Whether a parameter's own operation is the origin.
    """

    subject: ProbedModel
    steps: list[GradientStep]
    far: tuple[dict[object, GradientStep], ...]
    again: Callable[[Zeroed], list[GradientStep]]
    origins: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    zeroed: dict[tuple[int, int], Array] = field(default_factory=dict)
    own: bool = False

    @classmethod
    def start(cls, subject: ProbedModel, answer: ProbeAnswer) -> GradientWalk | None:
        """Walk back three calls; None where the framework cannot."""
        back = getattr(subject.framework, "backward", None)
        mode = answer.mode
        if back is None or mode is None or mode.route != "eager":
            return None

        def walk(arrangement: Arrangement, zeroed: Zeroed) -> list[GradientStep]:
            weights = cotangents(subject, arrangement, mode)
            given = subject.given(arrangement)
            found: list[GradientStep] = back(
                subject.model, given, weights, mode, zeroed
            )
            return found

        others = [walk(each, {}) for each in (subject.structure, subject.wider)]
        return cls(
            subject=subject,
            steps=walk(subject.base, {}),
            far=tuple(dict(_numbered(each)) for each in others),
            again=lambda zeroed: walk(subject.base, zeroed),
        )

    def follow(self, start: str) -> None:
        """Follow what has something at padding, from an input or a parameter on."""
        inputs = {*self.subject.interface.inputs, "embedding"}
        keys = [key for key, _ in _numbered(self.steps)]
        pending: list[int | str] = [start]
        seen: set[int | str] = set()
        while pending:
            target = pending.pop(0)
            if target in seen:
                continue
            seen.add(target)
            parameter = target == start and start not in inputs
            for number, step in enumerate(self.steps):
                for edge, whose in enumerate(step.targets):
                    if whose == target:
                        self._step(number, keys[number], edge, pending, free=parameter)

    def _step(
        self,
        number: int,
        key: object,
        edge: int,
        pending: list[int | str],
        *,
        free: bool,
    ) -> None:
        """Judge what one step hands to what is followed."""
        step = self.steps[number]
        handed = step.handed[edge]
        if handed is None:
            return
        far = [each.get(key) for each in self.far]
        there = [other.handed[edge] if other else None for other in far]
        where = None if free else self.padding(handed, there)
        if not free and where is not None and not where.any():
            return
        came = [
            self.padding(array, [other.taken[at] if other else None for other in far])
            for at, array in enumerate(step.taken)
            if all(other is None or at < len(other.taken) for other in far)
        ]
        if any(each is not None and each.any() for each in came):
            pending.append(number)
        elif any(each is None for each in came) or (where is None and not free):
            self.unknown.append(number)
            pending.append(number)
        else:
            self.origins.append(number)
            self.own = self.own or free
            if where is not None:
                self.zeroed[number, edge] = where

    def padding(self, array: Array, others: list[Array | None]) -> Array | None:
        """Return where a gradient has something at padding; None is not known."""
        shapes = [array.shape, *(each.shape for each in others if each is not None)]
        if len(shapes) != 1 + len(others) or len({len(each) for each in shapes}) != 1:
            return None
        subject = self.subject
        calls = (subject.base, subject.structure, subject.wider)
        ways = layouts(shapes, [(each.batch, each.time) for each in calls])
        kinds = [Counter(f.kind for axis in way for f in axis) for way in ways]
        if ways and not any(kind["time"] or kind["strided"] for kind in kinds):
            return np.zeros(array.shape, dtype=bool)
        found = None
        for way, kind in zip(ways, kinds, strict=True):
            if kind["batch"] == 1 and kind["time"]:
                mask = _padding(array, way, subject.base)
                if mask is not None and not _exceeds(array, mask):
                    return np.zeros(array.shape, dtype=bool)
                found = mask if found is None else found
        return found

    def closes(self, answer: ProbeAnswer) -> bool:
        """Tell whether the gradient is right with zeros at padding at the origins."""
        if self.own or not self.zeroed:
            return self.own
        name = answer.parameter or answer.output
        total = _sum_handed(self.again(self.zeroed), name)
        if total is None or answer.mode is None:
            return False
        if answer.parameter:
            wanted = sum_alone(self.subject, answer.mode, name)
            return bool(np.max(np.abs(total - wanted)) <= CLOSED * answer.size)
        far = [_sum_handed(each.values(), name) for each in self.far]
        left = self.padding(total, far)
        return left is not None and not left.any()


def _sum_handed(steps: Iterable[GradientStep], name: str) -> Array | None:
    """Return the gradient of an input or a parameter."""
    parts = [
        handed
        for step in steps
        for handed, whose in zip(step.handed, step.targets, strict=True)
        if whose == name and handed is not None
    ]
    found: Array | None = np.sum(parts, axis=0) if parts else None
    return found


def _numbered(steps: list[GradientStep]) -> Iterator[tuple[object, GradientStep]]:
    """Yield each step with what identifies it in another call."""
    counts: Counter[object] = Counter()
    for step in steps:
        key = step.site.key
        counts[key] += 1
        yield (key, counts[key]), step


def _padding(array: Array, layout: Layout, arrangement: Arrangement) -> Array | None:
    """Return where an array holds what does not count, in all rows."""
    found = np.zeros(array.shape, dtype=bool)
    for mask in find_padding(array, layout, arrangement):
        if mask is None:
            return None
        found |= mask
    return found


def _exceeds(array: Array, mask: Array) -> bool:
    """Tell whether what a mask chooses is more than rounding; NaN is."""
    inside = np.abs(array[~mask])
    finite = inside[np.isfinite(inside)]
    noise = UNIT["float32"] * float(finite.max(initial=0))
    return not bool(np.all(np.abs(array[mask]) <= noise))
