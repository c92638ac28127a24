"""Laws of the layer made of layers: what it tracks, trains, names, shares and saves.

They build layers of their own, on weights that are all different, so that each tensor
that a layer shows can be told from every other one; answers are compared without
padding, since what a norm makes of padding is another operation's question.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations.nested.laws_training import ROWS, TIME, Training
from conformance.operations.nested.oracle_training import (
    KEPT,
    RATE,
    pull_back,
    statistics,
)
from conformance.trial.precision import PRECISIONS
from conformance.trial.verdict import compare, compare_exactly, fail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def weights_once(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each weight once among the parameters, and nothing else."""
    one = Training.of(subject, sample)
    with subject.framework.scope(subject.dtype):
        found = one.parameters(one.layer())
    yield _judge_each_once(one, found, one.stack.trained, "parameters")


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
    verdict = _judge_each_once(one, first, one.stack.state, "state")
    yield verdict
    if not verdict.passed:
        return
    names = _match_names(first, one.batch.weights, one.stack.state)
    for name, old, asked, trained in zip(names, first, still, moved, strict=True):
        label = f"state {name}"
        note = "after an answer"
        yield compare_exactly(asked, old, batch=one.batch, note=note, label=label)
        if name in {"norm.mean", "norm.variance"}:
            yield _judge_moving(one, name, trained)


def trains(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A step moves what is trained, by the exact gradient, and nothing frozen."""
    one = Training.of(subject, sample)
    with subject.framework.scope(subject.dtype):
        layer = one.layer()
        before, frozen = one.parameters(layer), one.state(layer)
        one.step(layer)
        after, still = one.parameters(layer), one.state(layer)
    weights, trained = one.batch.weights, one.stack.trained
    names = _match_names(before, weights, trained)
    for name in trained:
        if name not in names:
            text = f"{name} is no parameter, so it is not trained"
            yield fail(text, batch=one.first_position)
            return
    wanted, allowed = _expected_step(one)
    for name, old, new in zip(names, before, after, strict=True):
        if name in wanted:
            yield _judge_trained(one, name, old, new, wanted[name], allowed[name])
    for name, old, new in zip(
        _match_names(frozen, weights, one.stack.state), frozen, still, strict=True
    ):
        if name.startswith("first."):
            note = "frozen, after a step of training"
            yield compare_exactly(new, old, batch=one.batch, note=note, label=name)


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
        yield fail(text, batch=one.first_position)
    elif len(found) != count:
        text = f"names has {len(found)} names, expected {count}: one for each tensor"
        yield fail(f"{text} of parameters and state", batch=one.first_position)
    else:
        yield _pass()


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
        yield compare_exactly(new, old, batch=one.batch, note=note, label=label)


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
            yield fail(text, batch=one.batch)
            return
        for index, (old, new) in enumerate(zip(saved, restored, strict=True)):
            label = f"restored {kind} {index}"
            yield compare_exactly(
                new, old, batch=one.batch, note="as saved", label=label
            )


def _pass() -> Verdict:
    nothing = np.zeros(())
    return compare(nothing, nothing, nothing)


def _match_names(
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


def _judge_each_once(
    one: Training, found: list[Array], names: tuple[str, ...], where: str
) -> Verdict:
    every = tuple(one.batch.weights)
    held = Counter(_match_names(found, one.batch.weights, every))
    for name in names:
        if held[name] != 1:
            times = f"{held[name]} times" if held[name] else "nowhere"
            text = f"{name} is {times} in {where}, expected once"
            return fail(text, batch=one.first_position)
    other = [name or "a tensor that is no weight" for name in held if name not in names]
    if other:
        text = f"{other[0]} is in {where}, expected {', '.join(names) or 'nothing'}"
        return fail(text, batch=one.first_position)
    return _pass()


def _expected_step(one: Training) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the trained weights after a step, and how far they may be off."""
    p = PRECISIONS[one.subject.dtype]
    x = np.asarray(one.batch.arrays["x"], np.float64).reshape(ROWS * TIME, -1)
    pull = np.asarray(one.cotangent, np.float64).reshape(ROWS * TIME, -1)
    exact, _ = pull_back(one.stack, x, pull, training=True)
    size, count = pull_back(one.stack, x, pull, training=True, majorant=True)
    wanted, allowed = {}, {}
    for name in one.stack.trained:
        old = np.asarray(one.batch.weights[name], np.float64)
        wanted[name] = old - RATE * exact[name]
        moved = RATE * p.u * count * size[name] + 2 * p.u * np.abs(wanted[name])
        allowed[name] = p.factor * (moved + p.eta)
    return wanted, allowed


def _judge_trained(  # noqa: PLR0917 - what was, is and should be
    one: Training, name: str, old: Array, new: Array, want: Array, allowed: Array
) -> Verdict:
    before = np.asarray(old, np.float64)
    turned = not np.array_equal(old, one.batch.weights[name])
    want, allowed = (each.T if turned else each for each in (want, allowed))
    p = PRECISIONS[one.subject.dtype]
    far = (np.abs(want - before) > 8 * p.u * np.abs(before) + p.smallest).any()
    if far and np.array_equal(old, new):
        text = f"{name} is as it was before a step of training: no gradient reaches it"
        return fail(text, batch=one.batch, got=new)
    if p.low:
        return _pass()
    note = "after one step of training"
    return compare(new, want, allowed, batch=one.batch, label=name, note=note)


def _judge_moving(one: Training, name: str, got: Array) -> Verdict:
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
