"""Every equation of a call, with the values that it took and gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from conformance.probe.frameworks.jax import tree
from conformance.probe.frameworks.jax.exact import Evaluator
from conformance.probe.trace import Counts, Site, Trace, draw_outline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.frameworks.jax.calls import Calls
    from conformance.probe.frameworks.jax.program import Step
    from conformance.probe.trace import Edit


def trace(
    calls: Calls,
    inputs: Mapping[str, Any],
    mode: Mode,
    edit: Edit | None,
    *,
    outline: bool = False,
) -> Trace:
    """Return every equation that a call goes through."""
    arrays, constants = tree.split(inputs, calls.own(mode))
    program, labels = calls.program(arrays, constants, mode)
    counts, sites = Counts(), []

    def see(step: Step, taken: Sequence[Any], outputs: Sequence[Any]) -> Sequence[Any]:
        site = site_of(step, counts)
        sites.append(site)
        if edit is None:
            return outputs
        known = [
            tree.array(value)
            for value, each in zip(taken, step.inputs, strict=True)
            if isinstance(each, int)
        ]
        old = [tree.array(each) for each in outputs]
        fresh = edit(site, known, old)
        if fresh is None:
            return outputs
        return [
            value if new is before else np.asarray(new).astype(value.dtype)
            for value, before, new in zip(outputs, old, fresh, strict=True)
        ]

    given = jax.tree.leaves((calls.parameters(mode), arrays))
    evaluator = Evaluator(wide=calls.wide(mode))
    outputs, values = evaluator.run(program, given, see, forget=outline)
    return Trace(
        sites=sites,
        values=[_kept(each, outline=outline) for each in values],
        outputs={k: tree.array(v) for k, v in zip(labels, outputs, strict=True)},
    )


def _kept(value: Any, *, outline: bool) -> Array:
    """Return a value as an array, or its outline; what only loops have is none."""
    if value is None:
        return np.zeros(0, dtype=np.int8)
    array = value if isinstance(value, np.ndarray) and outline else tree.array(value)
    return draw_outline(array.shape, array.dtype) if outline else array


def site_of(step: Step, counts: Counts) -> Site:
    """Return a step as a site."""
    where = step.where
    site = Site(
        path=where.path,
        kind=where.kind,
        op=step.name,
        file=where.file,
        line=where.line,
        inputs=tuple(each for each in step.inputs if isinstance(each, int)),
        outputs=step.outputs,
    )
    site.time = counts.time(site)
    return site
