"""Questions about how a model is run: twice, in training, compiled, in steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.answer import Kind, ProbeAnswer
from conformance.probe.arrangement import place
from conformance.probe.compare import pairs
from conformance.probe.interface import CACHES
from conformance.probe.noise import UNIT, count_times
from conformance.probe.questions import padding
from conformance.probe.questions.ask import (
    ArrangementPair,
    NotAskedError,
    compare_pairs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.subject import ProbedModel


def repeat(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether the same call gives the same bits."""
    given = subject.given(subject.base)
    one = subject.framework.call(subject.model, given, mode)
    two = subject.framework.call(subject.model, given, mode)
    for name, first in one.items():
        same = np.array_equal(first, two[name], equal_nan=first.dtype.kind == "f")
        text = "same bits" if same else "it gives something else: not deterministic"
        kind: Kind = "same" if same else "leak"
        yield ProbeAnswer(
            question="repeat", output=name, kind=kind, text=text, why=text, mode=mode
        )


def training(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether padding changes nothing in training mode, dropout off."""
    wanted = replace(mode, training=True)
    try:
        made = [*padding.other_numbers(subject)]
    except NotAskedError:
        made = []
    made += [*padding.more_padding(subject)]
    yield from compare_pairs("training", subject, made, wanted)


def causal(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield other content behind a position; what stands before must not change."""
    if not subject.interface.causal:
        why = "nothing claims that the model is causal; --causal asks it"
        raise NotAskedError(why)
    time = subject.sizes.time
    cut = time // 2
    full = place(subject.rows, [time] * len(subject.rows), time)
    before = replace(full, places=(tuple(range(cut)),) * full.batch, shown=full.places)
    yield ArrangementPair(one=before, other=replace(before, fill="noise", seed=5))


def compiled(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether the compiled route gives what eager gives."""
    question = "compiled"
    routes = subject.framework.routes
    if "compiled" not in routes:
        why = f"{subject.framework.name} has no compiled route here"
        yield ProbeAnswer(question=question, kind="not asked", why=why)
        return
    if "compiled" not in subject.settings.routes:
        why = "compiling takes its time; --route compiled asks it"
        yield ProbeAnswer(question=question, kind="not asked", why=why)
        return
    fast = replace(mode, route="compiled")
    given = subject.answer(subject.base, mode)
    try:
        found = subject.answer(subject.base, fast)
    except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        yield ProbeAnswer(question=question, kind="raises", text=text, mode=fast)
        return
    for name, first in given.items():
        lost = _is_lost(subject, subject.base, name, (first, found[name]))
        yield _compare(name, first, found[name], fast, lost=lost)


def _is_lost(
    subject: ProbedModel, batch: Arrangement, name: str, both: tuple[Array, Array]
) -> bool:
    """Tell whether NaN or infinity stands in one answer only, where it counts."""
    output = subject.output(name)
    if output is None:
        return False
    return any(
        not np.array_equal(np.isfinite(a), np.isfinite(b))
        for _, a, b in pairs(output, *both, (batch, batch))
        if a.dtype.kind == "f"
    )


def _compare(
    name: str, first: object, second: object, mode: Mode, *, lost: bool
) -> ProbeAnswer:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    finite = np.isfinite(one) & np.isfinite(two)
    size = float(np.max(np.abs(one[finite] - two[finite]), initial=0))
    signal = float(np.max(np.abs(one[finite]), initial=0))
    # Both are correctly rounded in their own order; 2^12 ulp is the noise page's limit.
    leak = size > 2.0**-12 * signal
    kind: Kind = "same" if size == 0 else "leak" if leak else "noise"
    noise = UNIT.get(mode.dtype, UNIT["float32"]) * signal
    times = size / noise if noise else 0.0
    noisy = f"{count_times(times)} rounding noise" if leak else f"{times / 2:.2g} ulp"
    text = "same bits" if size == 0 else f"{size:.1e} of {signal:.2g}, {noisy}"
    if lost:
        kind, text = "leak", "NaN or infinity in one of the two"
    return ProbeAnswer(
        question="compiled", output=name, kind=kind, text=text, size=size,
        signal=signal, ulp=times / 2, times=times, why=text, mode=mode,
    )  # fmt: skip


def steps(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
    """Answer whether steps with a cache give what one call gives."""
    step = getattr(subject.framework, "steps", None)
    arguments = {each.name for each in subject.facts.arguments}
    if step is None or "use_cache" not in arguments or not arguments & set(CACHES):
        why = "the model takes no cache that is known here"
        yield ProbeAnswer(question="steps", kind="not asked", why=why)
        return
    if not subject.interface.causal:
        why = "the model does not claim to be causal"
        yield ProbeAnswer(question="steps", kind="not asked", why=why)
        return
    yield from _steps(subject, mode, step)


def _steps(subject: ProbedModel, mode: Mode, step: object) -> Iterator[ProbeAnswer]:
    if not callable(step):
        return
    time = subject.sizes.time
    full = place(subject.rows, [time] * len(subject.rows), time)
    whole = subject.answer(full, mode)
    try:
        found = step(subject.model, subject.given(full), subject.interface, mode)
    except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        yield ProbeAnswer(question="steps", kind="raises", text=text, mode=mode)
        return
    for name, array in found.items():
        if whole[name].shape == array.shape:
            lost = _is_lost(subject, full, name, (whole[name], array))
            made = _compare(name, whole[name], array, mode, lost=lost)
            yield replace(made, question="steps")
            continue
        text = f"steps give {list(array.shape)}, one call {list(whole[name].shape)}"
        yield ProbeAnswer(
            question="steps", output=name, kind="leak", text=text, why=text, mode=mode
        )
