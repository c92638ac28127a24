"""Laws of the layer made of layers: what it tracks, trains, names, shares and saves.

They build layers of their own, on weights that are all different, so that each tensor
that a layer shows can be told from every other one; answers are compared without
padding, since what a norm makes of padding is another operation's question.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.batch import Batch
from conformance.compare import compare, failed, identical
from conformance.inputs import COTANGENTS, SIGNALS
from conformance.operations.nested.training import (
    KEPT,
    RATE,
    Stack,
    pulled,
    statistics,
)
from conformance.precision import PRECISIONS, numpy_dtype
from conformance.sample import cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.batch import Array
    from conformance.compare import Verdict
    from conformance.sample import Sample
    from conformance.subject import Subject

ROWS, TIME = 4, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A layer to train, on a batch without padding.

    Attributes:
        subject: What is under test.
        batch: The inputs and the layer's weights.
        cotangent: What each answer is worth, in the check's dtype.
        stack: The weights, those that are trained and those that are not.
    """

    subject: Subject
    batch: Batch
    cotangent: Array
    stack: Stack

    @classmethod
    def of(cls, subject: Subject, sample: Sample) -> Training:
        """Return the same question for each batch of one seed and turn."""
        draw = sample.draw("training")
        weights = told_apart(sample.batch.weights)
        features = weights["first.kernel"].shape[0]
        batch = Batch(
            arrays={"x": draw.rows_of(SIGNALS, (ROWS, TIME, features))},
            mask=np.ones((ROWS, TIME), dtype=bool),
            weights=weights,
        )
        batch = cast(batch, subject.dtype)
        stack = Stack.of(subject.variant.options["inner"], batch.weights)
        pull = draw.rows_of(COTANGENTS, (ROWS, TIME, len(stack.second[1])))
        cotangent = np.asarray(pull, numpy_dtype(subject.dtype))
        return cls(subject=subject, batch=batch, cotangent=cotangent, stack=stack)

    @property
    def shown(self) -> Batch:
        """One position: what a layer tracks does not depend on its inputs."""
        return self.batch.take([0]).cut(slice(0, 1))

    def layer(self, batch: Batch | None = None) -> Any:
        """Return a new layer."""
        return self.subject.built(batch or self.batch)

    def step(self, layer: Any) -> None:
        """Take one step of gradient descent."""
        framework = self.subject.framework
        tensors = self.subject.tensors(self.batch)
        pull = framework.tensor(self.cotangent)
        layer.step(*tensors, self.subject.mask(self.batch, "bool"), pull)

    def answer(self, layer: Any) -> Array:
        """Return a layer's answer, as it is called by hand."""
        tensors = self.subject.tensors(self.batch)
        result = layer(*tensors, self.subject.mask(self.batch, "bool"))
        shape = (ROWS, TIME, len(self.stack.second[1]))
        return self.subject.checked(result, shape)

    def parameters(self, layer: Any) -> list[Array]:
        """Return what a layer trains."""
        return self._arrays(layer.parameters)

    def state(self, layer: Any) -> list[Array]:
        """Return what a layer holds and does not train, without whole counters."""
        found = self._arrays(layer.state)
        return [array for array in found if array.dtype.kind not in "biu"]

    def _arrays(self, tree: Any) -> list[Array]:
        framework = self.subject.framework
        return [framework.array(tensor) for tensor in framework.leaves(tree)]


def weights_once(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each weight once among the parameters, and nothing else."""
    one = Training.of(subject, sample)
    with subject.framework.scope(subject.dtype):
        found = one.parameters(one.layer())
    yield _each_once(one, found, one.stack.trained, "parameters")


def state(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Tracked apart, left alone by an answer, moved by a step."""
    one = Training.of(subject, sample)
    with subject.framework.scope(subject.dtype):
        layer = one.layer()
        first = one.state(layer)
        one.answer(layer)
        still = one.state(layer)
        one.step(layer)
        moved = one.state(layer)
    verdict = _each_once(one, first, one.stack.state, "state")
    yield verdict
    if not verdict.passed:
        return
    names = _named(first, one.batch.weights, one.stack.state)
    for name, old, asked, trained in zip(names, first, still, moved, strict=True):
        label = f"state {name}"
        note = "after an answer"
        yield identical(asked, old, batch=one.batch, note=note, label=label)
        if name in {"norm.mean", "norm.variance"}:
            yield _moving(one, name, trained)


def trains(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A step moves what is trained, by the exact gradient, and nothing frozen."""
    one = Training.of(subject, sample)
    with subject.framework.scope(subject.dtype):
        layer = one.layer()
        before, frozen = one.parameters(layer), one.state(layer)
        one.step(layer)
        after, still = one.parameters(layer), one.state(layer)
    weights, trained = one.batch.weights, one.stack.trained
    names = _named(before, weights, trained)
    for name in trained:
        if name not in names:
            text = f"{name} is no parameter, so it is not trained"
            yield failed(text, batch=one.shown)
            return
    wanted, allowed = _stepped(one)
    for name, old, new in zip(names, before, after, strict=True):
        if name in wanted:
            yield _trained(one, name, old, new, wanted[name], allowed[name])
    for name, old, new in zip(
        _named(frozen, weights, one.stack.state), frozen, still, strict=True
    ):
        if name.startswith("first."):
            note = "frozen, after a step of training"
            yield identical(new, old, batch=one.batch, note=note, label=name)


def names(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """As many names as there are tensors, none of them twice."""
    one = Training.of(subject, sample)
    leaves = subject.framework.leaves
    with subject.framework.scope(subject.dtype):
        layer = one.layer()
        found = [str(name) for name in layer.names]
        count = len(leaves(layer.parameters)) + len(leaves(layer.state))
    twice = [name for name, times in Counter(found).items() if times > 1]
    if twice:
        text = f"names has {twice[0]!r} twice, expected a name of its own for each"
        yield failed(text, batch=one.shown)
    elif len(found) != count:
        text = f"names has {len(found)} names, expected {count}: one for each tensor"
        yield failed(f"{text} of parameters and state", batch=one.shown)
    else:
        yield _right()


def shares_nothing(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A second layer of the same weights is as it was, whatever the first learns."""
    one = Training.of(subject, sample)
    with subject.framework.scope(subject.dtype):
        layer, other = one.layer(), one.layer()
        first = [one.answer(other), *one.parameters(other), *one.state(other)]
        one.step(layer)
        again = [one.answer(other), *one.parameters(other), *one.state(other)]
    number = len(first)
    for index, (old, new) in enumerate(zip(first, again, strict=True)):
        label = "the other layer's answer" if not index else f"its tensor {index}"
        note = f"of {number - 1}, after a step of a layer made from the same weights"
        yield identical(new, old, batch=one.batch, note=note, label=label)


def restores(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Saved after a step, restored into a layer of other weights."""
    one = Training.of(subject, sample)
    # Halves are exact, and no weight is its own half.
    halves = {name: array * 0.5 for name, array in one.batch.weights.items()}
    halves = {name: array.astype(one.cotangent.dtype) for name, array in halves.items()}
    with subject.framework.scope(subject.dtype):
        layer = one.layer()
        one.step(layer)
        other = one.layer(replace(one.batch, weights=halves))
        other.restore(layer.saved())
        pairs = [
            ("answer", [one.answer(layer)], [one.answer(other)]),
            ("parameter", one.parameters(layer), one.parameters(other)),
            ("state", one.state(layer), one.state(other)),
        ]
    for kind, saved, restored in pairs:
        if len(saved) != len(restored):
            text = f"{len(restored)} of {kind} restored, expected {len(saved)}"
            yield failed(text, batch=one.batch)
            return
        for index, (old, new) in enumerate(zip(saved, restored, strict=True)):
            label = f"restored {kind} {index}"
            yield identical(new, old, batch=one.batch, note="as saved", label=label)


def told_apart(weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return weights of the same shapes whose numbers are all different.

    They are exact in every dtype; variances are positive.
    """
    total = sum(array.size for array in weights.values())
    found, at = {}, 0
    for name, array in weights.items():
        # 5 is prime to every number of weights that the variants have.
        order = (5 * np.arange(at, at + array.size)) % total
        at += array.size
        values = (2.0 * order - total + 1 + (total % 2)) / 16
        values = np.abs(values) + 2 if name == "norm.variance" else values
        found[name] = values.reshape(array.shape)
    return found


def _right() -> Verdict:
    nothing = np.zeros(())
    return compare(nothing, nothing, nothing)


def _named(
    found: list[Array], weights: Mapping[str, Array], names: tuple[str, ...]
) -> list[str]:
    """Return the weight that each tensor holds, in either layout; empty if none."""
    return [
        next((name for name in names if _same(array, weights[name])), "")
        for array in found
    ]


def _same(array: Array, weight: Array) -> bool:
    turned = array.T if array.ndim == 2 else array  # noqa: PLR2004 - a matrix
    return np.array_equal(array, weight) or np.array_equal(turned, weight)


def _each_once(
    one: Training, found: list[Array], names: tuple[str, ...], where: str
) -> Verdict:
    every = tuple(one.batch.weights)
    held = Counter(_named(found, one.batch.weights, every))
    for name in names:
        if held[name] != 1:
            times = f"{held[name]} times" if held[name] else "nowhere"
            text = f"{name} is {times} in {where}, expected once"
            return failed(text, batch=one.shown)
    other = [name or "a tensor that is no weight" for name in held if name not in names]
    if other:
        text = f"{other[0]} is in {where}, expected {', '.join(names) or 'nothing'}"
        return failed(text, batch=one.shown)
    return _right()


def _stepped(one: Training) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the trained weights after a step, and how far they may be off."""
    p = PRECISIONS[one.subject.dtype]
    x = np.asarray(one.batch.arrays["x"], np.float64).reshape(ROWS * TIME, -1)
    pull = np.asarray(one.cotangent, np.float64).reshape(ROWS * TIME, -1)
    exact, _ = pulled(one.stack, x, pull, training=True)
    size, count = pulled(one.stack, x, pull, training=True, majorant=True)
    wanted, allowed = {}, {}
    for name in one.stack.trained:
        old = np.asarray(one.batch.weights[name], np.float64)
        wanted[name] = old - RATE * exact[name]
        moved = RATE * p.u * count * size[name] + 2 * p.u * np.abs(wanted[name])
        allowed[name] = p.factor * (moved + p.eta)
    return wanted, allowed


def _trained(  # noqa: PLR0917 - what was, is and should be
    one: Training, name: str, old: Array, new: Array, want: Array, allowed: Array
) -> Verdict:
    before = np.asarray(old, np.float64)
    turned = not np.array_equal(old, one.batch.weights[name])
    want, allowed = (each.T if turned else each for each in (want, allowed))
    p = PRECISIONS[one.subject.dtype]
    far = (np.abs(want - before) > 8 * p.u * np.abs(before) + p.smallest).any()
    if far and np.array_equal(old, new):
        text = f"{name} is as it was before a step of training: no gradient reaches it"
        return failed(text, batch=one.batch, got=new)
    if p.low:
        return _right()
    note = "after one step of training"
    return compare(new, want, allowed, batch=one.batch, label=name, note=note)


def _moving(one: Training, name: str, got: Array) -> Verdict:
    """Judge a moving statistic after a step; the variance is either of the two."""
    p = PRECISIONS[one.subject.dtype]
    x = np.asarray(one.batch.arrays["x"], np.float64).reshape(ROWS * TIME, -1)
    mean, variance, count = statistics(one.stack, x)
    old = np.asarray(one.batch.weights[name], np.float64)
    new, widening = mean, 0.0 * mean
    if name == "norm.variance":
        unbiased = variance * len(x) / (len(x) - 1)
        new, widening = (variance + unbiased) / 2, (unbiased - variance) / 2
    want = KEPT * old + (1 - KEPT) * new
    allowed = p.factor * count * p.u * (np.abs(old) + 1) + (1 - KEPT) * widening
    note = "after one step of training"
    return compare(got, want, allowed, batch=one.batch, label=name, note=note)
