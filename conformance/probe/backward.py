"""Find the operation where a gradient comes to padding, by walking the way back.

The gradient at padding is not zero. From the input on, follow what handed it on: an
operation whose result's gradient has something at padding was handed it itself; the one
whose result's gradient has nothing there is where it comes in.

A parameter's gradient is not the sum of the rows' alone. What went wrong may stand at
positions that count by then, since a window or an attention hands it on. So gradients
are compared with those of the rows alone, each put where its row stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.arrangement import place
from conformance.probe.expected import ExpectedGradients, number_steps
from conformance.probe.locate import Location
from conformance.probe.questions.gradients import cotangents, sum_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.subject import ProbedModel
    from conformance.probe.trace import GradientStep, Instead

TEXT = (
    "on the way back: the gradient of its result is zero at padding, the one that it "
    "hands on is not"
)
TEXT_ALONE = (
    "on the way back: the gradient of its result is that of the rows alone, the one "
    "that it hands on is not"
)
CLOSED = 1e-2
"""Share of a parameter's leak that may be left: its sums are in float32."""

ROUNDS = 3
"""How often origins are looked for again behind those that were found."""

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
    closed = walk.search(answer)
    if not walk.origins:
        return _between(walk)
    first, *more = sorted(walk.origins)
    sites = [walk.steps[at].site for at in (first, *more)]
    others = dict.fromkeys(each.path for each in sites[1:])
    others.pop(sites[0].path, None)
    lost = () if closed else walk.unknown
    return Location(
        site=sites[0],
        before=walk.steps[lost[0]].site if lost else None,
        others=tuple(
            next(each for each in sites if each.path == path) for path in others
        ),
        pattern="gradient",
        text=OWN if walk.own else TEXT_ALONE if walk.expected.alone else TEXT,
        checked=closed,
    )


def _between(walk: GradientWalk) -> Location | None:
    if not walk.unknown:
        return None
    sites = [walk.steps[at].site for at in walk.unknown]
    text = "the axes of what stands between cannot be told on the way back"
    return Location(site=sites[-1], before=sites[0], pattern="between", text=text)


@dataclass(slots=True, kw_only=True)
class GradientWalk:
    """The way back of one call, and what the gradients on it should be.

    Attributes:
        subject: The model.
        steps: The operations.
        expected: What the gradients should be.
        again: Walks back once more, with something else in the place of some gradients.
        origins: Numbers of the steps where it comes in.
        unknown: Numbers of the steps that could not be judged.
        instead: What the origins should have handed on.
        own: Whether a parameter's own operation is the origin.
    """

    subject: ProbedModel
    steps: list[GradientStep]
    expected: ExpectedGradients
    again: Callable[[Instead], list[GradientStep]]
    origins: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    instead: dict[tuple[int, int], Array] = field(default_factory=dict)
    own: bool = False

    @classmethod
    def start(cls, subject: ProbedModel, answer: ProbeAnswer) -> GradientWalk | None:
        """Walk back three calls; None where the framework cannot."""
        back = getattr(subject.framework, "backward", None)
        mode = answer.mode
        if back is None or mode is None or mode.route != "eager":
            return None

        def walk(arrangement: Arrangement, instead: Instead) -> list[GradientStep]:
            weights = cotangents(subject, arrangement, mode)
            given = subject.given(arrangement)
            found: list[GradientStep] = back(
                subject.model, given, weights, mode, instead
            )
            return found

        def number(arrangement: Arrangement) -> dict[object, GradientStep]:
            return dict(number_steps(walk(arrangement, {})))

        steps = walk(subject.base, {})
        others = (subject.structure, subject.wider)
        lengths = zip(subject.rows, subject.sizes.lengths, strict=True)
        alone = [place((row,), (length,), length) for row, length in lengths]
        expected = ExpectedGradients(
            calls=(subject.base, *others),
            far=tuple(number(each) for each in others),
            alone=tuple(number(each) for each in alone if answer.parameter),
            exact=mode.dtype == "float64" and subject.exact,
        )
        return cls(
            subject=subject,
            steps=steps,
            expected=expected,
            again=lambda instead: walk(subject.base, instead),
        )

    def search(self, answer: ProbeAnswer) -> bool:
        """Look for the origins; tell whether the gradient is right without them.

        What an origin handed on may hide the next one, which shows when that is right.
        """
        self.follow(answer.parameter or answer.output)
        for _ in range(ROUNDS):
            if not self.origins or self.closes(answer):
                break
            known = len(self.instead)
            self.steps = self.again(self.instead)
            self.follow(answer.parameter or answer.output)
            if len(self.instead) == known:
                return False
        return self.closes(answer)

    def follow(self, start: str) -> None:
        """Follow what has something at padding, from an input or a parameter on."""
        inputs = {*self.subject.interface.inputs, "embedding"}
        keys = [key for key, _ in number_steps(self.steps)]
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
        expected = self.expected
        right = None if free else expected.compute(handed, key, "handed", edge)
        if right is not None and expected.meets(handed, right):
            return
        came = [
            (array, expected.compute(array, key, "taken", at))
            for at, array in enumerate(step.taken)
        ]
        if any(w is not None and not expected.meets(array, w) for array, w in came):
            pending.append(number)
        elif any(w is None for _, w in came) or (right is None and not free):
            self.unknown.append(number)
            pending.append(number)
        else:
            self.origins.append(number)
            self.own = self.own or free
            if right is not None:
                self.instead[number, edge] = right

    def closes(self, answer: ProbeAnswer) -> bool:
        """Tell whether the gradient is right once the origins hand on what is."""
        if self.own or not self.instead:
            return self.own
        name = answer.parameter or answer.output
        total = _sum_handed(self.again(self.instead), name)
        if total is None or answer.mode is None:
            return False
        if answer.parameter:
            wanted = sum_alone(self.subject, answer.mode, name)
            return bool(np.max(np.abs(total - wanted)) <= CLOSED * answer.size)
        far = [_sum_handed(each.values(), name) for each in self.expected.far]
        left = self.expected.mark_padding(total, far)
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
