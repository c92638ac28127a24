"""Every equation of a call, with the values that it took and gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from conformance.probe.frameworks.jax import tree
from conformance.probe.frameworks.jax.calls import quick
from conformance.probe.frameworks.jax.evaluate import Evaluator
from conformance.probe.trace import Counts, Site, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.frameworks.jax.calls import Calls
    from conformance.probe.frameworks.jax.program import Program
    from conformance.probe.trace import Edit


def trace(
    calls: Calls, inputs: Mapping[str, Any], mode: Mode, edit: Edit | None
) -> Trace:
    """Return every equation that a call goes through."""
    arrays, constants = tree.split(inputs, calls.own(mode))
    key = calls.key("trace", arrays, constants, mode)
    run: _Run = calls.kept(key, lambda: _Run(calls, arrays, constants, mode))
    return run.trace(calls.parameters(mode), arrays, edit)


class _Run:
    """One program that gives all its values, and takes others in their place.

    It is compiled once: a value that an editor changes is handed in at the next run.
    """

    def __init__(
        self,
        calls: Calls,
        arrays: dict[str, Array],
        constants: dict[str, Any],
        mode: Mode,
    ) -> None:
        self._program, self._labels = calls.program(arrays, constants, mode)
        self._wide = calls.wide(mode)
        self._results = [n for step in self._program.steps for n in step.outputs]
        self._evaluator = Evaluator(wide=self._wide)
        self._function = jax.jit(self._compute, compiler_options=quick())
        self._shapes: dict[int, Any] = {}

    def _compute(self, given: Any, held: Any, chosen: Any, others: Any) -> Any:
        """Return outputs and all results; chosen ones are other values."""

        def replace(number: int, value: Any) -> Any:
            if number not in others:
                return value
            return jax.lax.select_n(chosen[number], value, others[number])

        outputs, values = self._evaluator.run(self._program, given, held, replace)
        results = {n: v for n in self._results if (v := values[n]) is not None}
        return outputs, {n: v for n, v in results.items() if _plain(v)}

    def trace(
        self, parameters: Any, arrays: dict[str, Array], edit: Edit | None
    ) -> Trace:
        """Return the trace of a call."""
        with jax.enable_x64(self._wide or jax.config.jax_enable_x64):
            given = [np.asarray(each) for each in jax.tree.leaves((parameters, arrays))]
            others = self._others(given)
            chosen = {number: np.bool_(False) for number in others}  # noqa: FBT003

            def run() -> tuple[list[Array], list[Array]]:
                outputs, results = self._function(
                    given, self._program.constants, chosen, others
                )
                values = self._values(given, results)
                return [tree.array(jnp.asarray(each)) for each in outputs], values

            outputs, values = run()
            sites = _sites(self._program, values)
            for site in sites if edit is not None else ():
                outputs, values = self._edited(
                    site, edit, (outputs, values), (chosen, others), run
                )
        found = dict(zip(self._labels, outputs, strict=True))
        return Trace(sites=sites, values=values, outputs=found)

    def _edited(
        self, site: Site, edit: Any, now: Any, change: Any, run: Any
    ) -> tuple[list[Array], list[Array]]:
        """Let the editor look at a site; run again where it changes a result."""
        outputs, values = now
        chosen, others = change
        results = [values[number] for number in site.outputs]
        fresh = edit(site, [values[number] for number in site.inputs], results)
        changed = False
        for number, old, new in zip(site.outputs, results, fresh or (), strict=bool(fresh)):
            if new is not old and number in others:
                others[number] = np.asarray(new, dtype=others[number].dtype)
                chosen[number] = np.bool_(True)  # noqa: FBT003
                changed = True
        return run() if changed else (outputs, values)

    def _others(self, given: list[Array]) -> dict[int, Array]:
        """Return a place for another value of each floating result."""
        if not self._shapes:
            shapes = jax.eval_shape(
                lambda one, two: self._compute(one, two, {}, {}),
                given,
                self._program.constants,
            )
            self._shapes = {n: each for n, each in shapes[1].items() if tree.floating(each)}
        return {n: np.zeros(e.shape, e.dtype) for n, e in self._shapes.items()}

    def _values(self, given: list[Array], results: dict[int, Any]) -> list[Array]:
        """Return every value by its number."""
        held = [np.asarray(each) for each in (*given, *self._program.constants)]
        empty = np.zeros(0, dtype=np.int8)
        found = [*held, *[empty] * (self._program.count - len(held))]
        for number, each in results.items():
            found[number] = tree.array(each)
        return found


def _plain(value: Any) -> bool:
    return not jax.dtypes.issubdtype(value.dtype, jax.dtypes.extended)


def _sites(program: Program, values: list[Array]) -> list[Site]:
    """Return the program's steps as sites."""
    counts = Counts()
    sites = []
    for step in program.steps:
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
        sites.append(site)
    del values
    return sites
