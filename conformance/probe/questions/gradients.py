"""Questions about gradients, by a random cotangent on the valid outputs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.answer import Kind, ProbeAnswer
from conformance.probe.arrangement import Arrangement, place
from conformance.probe.compare import view
from conformance.probe.noise import SHRINKS, UNIT, count_times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Gradients, Mode
    from conformance.probe.subject import ProbedModel

_ROUNDING = 2.0**14
"""Units of the largest gradient that sums in another order may differ by."""


def cotangents(
    subject: ProbedModel, arrangement: Arrangement, mode: Mode
) -> dict[str, Array]:
    """Return random numbers at the valid outputs and zero elsewhere.

    A row has the same numbers wherever it stands.
    """
    made = {}
    for name, array in subject.answer(arrangement, mode).items():
        output = subject.output(name)
        if output is None or array.dtype.kind != "f" or not output.has("batch"):
            continue
        weights = np.zeros(array.shape)
        for row, places in enumerate(arrangement.places):
            if not places:
                continue
            here = view(arrangement, row, places, output)
            part = here.take(weights, output.layout)
            if part is None:
                continue
            random = np.random.default_rng((8, arrangement.rows[row]))
            fresh = here.put(
                weights, output.layout, np.asarray(random.standard_normal(part.shape))
            )
            weights = weights if fresh is None else fresh
        if weights.any():
            made[name] = weights
    return made


def _gradients(subject: ProbedModel, arrangement: Arrangement, mode: Mode) -> Gradients:
    given = subject.given(arrangement)
    weights = cotangents(subject, arrangement, mode)
    return subject.framework.gradients(subject.model, given, weights, mode)


def _why_not(subject: ProbedModel, mode: Mode) -> str:
    if not cotangents(subject, subject.base, mode):
        return "no output has an answer for each row"
    return ""


def at_padding(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether the gradient at padding is zero."""
    question = "gradient"
    if why := _why_not(subject, mode):
        yield ProbeAnswer(question=question, kind="not asked", why=why)
        return
    try:
        found = _gradients(subject, subject.base, mode)
    except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        yield ProbeAnswer(question=question, kind="raises", text=text, mode=mode)
        return
    asked = False
    for name, array in found.inputs.items():
        if name in {*subject.interface.inputs, "embedding"}:
            asked = True
            yield _zero(subject, name, array, mode)
    if not asked:
        why = "no gradient reaches the input"
        yield ProbeAnswer(question=question, kind="not asked", why=why)


def _zero(subject: ProbedModel, name: str, array: Array, mode: Mode) -> ProbeAnswer:
    """Judge one gradient: zero at padding, finite where positions count."""
    layout = subject.interface.layout
    if name != "embedding" and layout.startswith("TB"):
        array = np.swapaxes(array, 0, 1)
    elif name != "embedding" and layout == "BFT":
        array = np.moveaxis(array, 1, -1)
    keep = subject.base.keep()
    empty = ProbeAnswer(question="gradient", kind="same", output=name, mode=mode)
    if array.shape[:2] != keep.shape:
        why = f"the gradient has shape {array.shape}, which has no [B, T]"
        return replace(empty, kind="not asked", why=why)
    outside, inside = np.abs(array[~keep]), np.abs(array[keep])
    size = float(outside.max(initial=0))
    signal = float(inside.max(initial=0))
    if not np.isfinite(inside).all():
        text = "NaN or infinity at positions that count"
        return replace(empty, kind="leak", text=text, why=text)
    if not np.isfinite(outside).all():
        text = "NaN or infinity at padding"
        return replace(empty, kind="leak", text=text, why=text)
    noise = UNIT.get(mode.dtype, UNIT["float32"]) * signal
    kind: Kind = "same" if size == 0 else "leak" if size > noise else "noise"
    return _add_size(replace(empty, kind=kind), "zero", size, signal, noise)


def _add_size(
    answer: ProbeAnswer, same: str, size: float, signal: float, noise: float
) -> ProbeAnswer:
    """Return an answer with a size beside the largest gradient and its rounding.

    Args:
        answer: The answer, with its kind.
        same: What it says where the size is zero.
        size: By how much a gradient is not what it should be.
        signal: The largest gradient.
        noise: One rounding of it.
    """
    text = f"{size:.2g} of {signal:.2g}"
    ulp, times = 0.0, 0.0
    if noise and np.isfinite(size):
        ulp, times = size / (2 * noise), size / noise
        noisy = f"{count_times(times)} rounding noise"
        text += f", {noisy if answer.kind == 'leak' else f'{ulp:.2g} ulp'}"
    if answer.parameter:
        text += f", at {answer.parameter}"
    text = same if size == 0 else text
    return replace(
        answer, text=text, why=text, size=size, signal=signal, ulp=ulp, times=times
    )


def of_parameters(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether parameters' gradients are the sum of the rows' alone."""
    question = "parameter-gradient"
    why = _why_not(subject, mode)
    wide = replace(mode, dtype=subject.framework.high) if subject.high else mode
    try:
        whole = {} if why else _gradients(subject, subject.base, wide).parameters
        if not whole:
            why = why or "there are no parameters with a gradient"
            yield ProbeAnswer(question=question, kind="not asked", why=why)
            return
        signal = _measure_largest(whole)
        gaps = _measure_gaps(subject, whole, wide)
    except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        yield ProbeAnswer(question=question, kind="raises", text=text, mode=mode)
        return
    found = _judge(subject, gaps, signal, wide)
    if found.kind == "leak" and wide != mode and np.isfinite(found.size):
        found = _reconsider(subject, found, mode)
    yield found


def _reconsider(subject: ProbedModel, found: ProbeAnswer, mode: Mode) -> ProbeAnswer:
    """Take for noise what the model's own dtype makes larger: a leak keeps its size.

    Where the terms of a gradient cancel, as those of a number that a softmax does not
    see, what is left is rounding, and no unit of that remainder measures it.
    """
    whole = _gradients(subject, subject.base, mode).parameters
    low = max(_measure_gaps(subject, whole, mode).values())
    if found.size > SHRINKS * low:
        return found
    text = f"{low:.2g} shrinks to {found.size:.2g} in {subject.framework.high}"
    return replace(found, kind="noise", text=text, why=text)


def sum_alone(subject: ProbedModel, mode: Mode, name: str) -> Array | float:
    """Return the sum of a parameter's gradients of the rows alone, trimmed."""
    each = [alone.get(name, 0.0) for alone in _alone(subject, mode)]
    total: Array | float = sum(each)
    return total


def _alone(subject: ProbedModel, mode: Mode) -> Iterator[dict[str, Array]]:
    """Yield parameters' gradients of each row alone, trimmed."""
    for row, length in zip(subject.rows, subject.sizes.lengths, strict=True):
        yield _gradients(subject, place((row,), (length,), length), mode).parameters


def _measure_largest(gradients: dict[str, Array]) -> float:
    return max(float(np.max(np.abs(each), initial=0)) for each in gradients.values())


def _measure_gaps(
    subject: ProbedModel, whole: dict[str, Array], mode: Mode
) -> dict[str, float]:
    """Return by how much each parameter's gradients are not the sum of the rows' alone.

    Gradients take as much memory as the model, so no more than two sets are held: what
    is used up is taken out of ``whole``.
    """
    left: dict[str, Array] = {}
    for alone in _alone(subject, mode):
        for name in list(alone):
            array = alone.pop(name)
            if name in left:
                left[name] -= array
            elif name in whole:
                # Not in place: a sum's gradient is one number seen many times.
                left[name] = whole.pop(name) - array
    left.update(whole)
    return {name: float(np.max(np.abs(each), initial=0)) for name, each in left.items()}


def _judge(
    subject: ProbedModel, gaps: dict[str, float], signal: float, mode: Mode
) -> ProbeAnswer:
    """Compare the largest difference with the largest gradient."""
    name = max(gaps, key=lambda each: gaps[each])
    size = gaps[name]
    precise = subject.exact or mode.dtype != "float64"
    unit = UNIT["float64" if precise and mode.dtype == "float64" else "float32"]
    finite = np.isfinite(size) and np.isfinite(signal)
    leak = not finite or size > _ROUNDING * unit * signal
    kind: Kind = "leak" if leak else "same" if size == 0 else "noise"
    question = "parameter-gradient"
    answer = ProbeAnswer(question=question, kind=kind, mode=mode, parameter=name)
    return _add_size(answer, "the same sum", size, signal, unit * signal)
