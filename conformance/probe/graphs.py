"""Find the module that leaks on the compiled route alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.locate import Location

if TYPE_CHECKING:
    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.subject import ProbedModel

NOISE = 2.0**-12
"""Share of the signal by which compiled code may differ, as the question has it."""

OWN = (
    "compiled by itself it gives something else than eager, and nothing in it does: it "
    "is its own code; operations inside a compiled graph are not followed"
)
PART = "compiled by itself it gives something else than eager; not all in it was tried"


def locate_compiled(subject: ProbedModel, answer: ProbeAnswer) -> Location | None:
    """Return the module that leaks when it alone is compiled; None is not known.

    Args:
        subject: The model.
        answer: A leak on the compiled route that eager does not have.
    """
    narrow = getattr(subject.framework, "narrow", None)
    if narrow is None or answer.mode is None:
        return None
    mode = replace(answer.mode, route="eager")
    # Where padding changes the compiled answer, what eager gives does not depend on it.
    batch = answer.pair[1] if answer.pair else subject.base
    wanted = subject.answer(batch, mode)[answer.output or "out"]

    def leaks() -> bool:
        found = subject.framework.call(subject.model, subject.given(batch), mode)
        gap = np.abs(found[answer.output or "out"].astype(float) - wanted)
        keep = np.isfinite(gap)
        signal = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0)
        return bool(np.max(gap[keep], initial=0) > NOISE * signal)

    found = narrow(subject.model, mode, leaks)
    if found is None:
        return None
    site, whole = found
    text = OWN if whole else PART
    return Location(site=site, pattern="compiled", text=text, checked=True)
