"""A model's calls: eager, compiled, or its traced program in float64."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from conformance.probe.frameworks.jax import tree
from conformance.probe.frameworks.jax.evaluate import run
from conformance.probe.frameworks.jax.exact import Evaluator
from conformance.probe.frameworks.jax.program import Program, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.frameworks.jax.forms import Form

HIGH = "float64"
_KEPT = 96
"""Compiled programs that are kept; the oldest goes first."""

_ROUNDING = 2.0**-12
"""Share of the signal by which rounding in another order may change it."""


class Calls:
    """The calls of one model, ``form``: a pure function of parameters and inputs."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._programs: dict[Any, Any] = {}
        self._own_way: bool | None = None
        self._less: bool | None = None
        self.closes_over = False
        """Whether a derivative of its own holds values of the trace that made it."""

    def answer(self, inputs: Mapping[str, Any], mode: Mode) -> dict[str, Array]:
        """Return the model's outputs by name."""
        try:
            found = self._answer(inputs, mode)
        except Exception:
            if not self.form.can_be_unbatched or self.form.unbatched:
                raise
            self.form.unbatched = True
            try:
                found = self._answer(inputs, mode)
            except Exception:  # noqa: BLE001 - the first one says more
                self.form.unbatched = False
            if not self.form.unbatched:
                raise
        self.form.settle()
        return found

    def _answer(self, inputs: Mapping[str, Any], mode: Mode) -> dict[str, Array]:
        mode = self._moded(mode)
        first, constants = tree.split(inputs, "float32")
        self.form.prepare({**first, **constants})
        arrays, constants = tree.split(inputs, self.own(mode))
        if mode.route == "compiled":
            key = self.key("compiled", arrays, constants, mode)
            function = self.kept(key, lambda: jax.jit(self.function(constants, mode)))
            return _arrays(function(self.parameters(mode), arrays))
        if self._goes_own_way(arrays, constants, mode):
            if self.wide(mode):
                msg = "the function is not the same when it is traced: no float64"
                raise TypeError(msg)
            return _arrays(
                self.function(constants, mode)(self.parameters(mode), arrays)
            )
        return self._traced(arrays, constants, mode)

    def _traced(
        self, arrays: dict[str, Array], constants: dict[str, Any], mode: Mode
    ) -> dict[str, Array]:
        """Return the answer of the traced program."""
        if self.wide(mode):
            program, labels = self.program(arrays, constants, mode)
            evaluator = Evaluator(wide=True)
            given = jax.tree.leaves((self.parameters(mode), arrays))
            outputs, _ = evaluator.run(program, given)
            self._less = bool(self._less) or evaluator.less
            return _arrays(dict(zip(labels, outputs, strict=True)))
        key = self.key("eager", arrays, constants, mode)
        made = self.kept(key, lambda: self._made(arrays, constants, mode))
        return _arrays(made(self.parameters(mode), arrays))

    def _made(
        self, arrays: dict[str, Array], constants: dict[str, Any], mode: Mode
    ) -> Callable[..., Any]:
        """Return the traced program as a function of parameters and arrays.

        What the model holds is handed over as well: models that differ in numbers only
        are one program, which JAX can keep for the next process.
        """
        program, labels = self.program(arrays, constants, mode, inline=False)

        def compute(given: Any, held: Any) -> Any:
            return dict(zip(labels, run(program, given, held), strict=True))

        function = jax.jit(compute, compiler_options=quick())

        def call(parameters: Any, arrays: Any) -> Any:
            return function(jax.tree.leaves((parameters, arrays)), program.constants)

        return call

    def program(
        self,
        arrays: dict[str, Array],
        constants: dict[str, Any],
        mode: Mode,
        *,
        inline: bool = True,
    ) -> tuple[Program, list[str]]:
        """Return the traced program, and its outputs' names."""
        key = self.key(f"program{inline}", arrays, constants, mode)
        found: tuple[Program, list[str]] = self.kept(
            key, lambda: self._program(arrays, constants, mode, inline=inline)
        )
        return found

    def _program(
        self,
        arrays: dict[str, Array],
        constants: dict[str, Any],
        mode: Mode,
        *,
        inline: bool,
    ) -> tuple[Program, list[str]]:
        # Tracing a Flax model takes longer than anything that is done with the trace.
        key = self.key("trace", arrays, constants, mode)
        closed, labels = self.kept(key, lambda: self._trace(arrays, constants, mode))
        # B and T are chosen so that they are no size of the model.
        sizes = self.form.sizes()
        times = [n for each in arrays.values() for n in each.shape if n not in sizes]
        program = flatten(closed, times, inline=inline, root=self.form.kind)
        return program, labels

    def _trace(
        self, arrays: dict[str, Array], constants: dict[str, Any], mode: Mode
    ) -> tuple[Any, list[str]]:
        """Return the traced function, and its outputs' names."""
        function = self.function(constants, mode)
        parameters = self.parameters(mode)
        closed, shape = jax.make_jaxpr(function, return_shape=True)(parameters, arrays)
        return closed, sorted(shape)

    def function(self, constants: dict[str, Any], mode: Mode) -> Callable[..., Any]:
        """Return the model as a function of parameters and arrays."""
        form, training = self.form, mode.training

        def call(parameters: Any, arrays: dict[str, Any]) -> Any:
            given = {name: jax.numpy.asarray(each) for name, each in arrays.items()}

            def apply(given: dict[str, Any]) -> Any:
                return form.apply(parameters, {**given, **constants}, training=training)

            # One row at a time, each as the model takes it.
            answer = jax.vmap(apply)(given) if form.unbatched else apply(given)
            return tree.names(answer)

        return call

    def parameters(self, mode: Mode) -> Any:
        """Return the parameters in the dtype that the model computes in."""
        own = self.form.dtype
        wanted = self.own(mode)
        if wanted == own:
            return self.form.parameters
        return tree.cast(self.form.parameters, wanted)

    def own(self, mode: Mode) -> str:
        """Return the dtype in which the model is traced."""
        if mode.dtype == HIGH and not jax.config.jax_enable_x64:
            return self.form.dtype
        return mode.dtype

    def wide(self, mode: Mode) -> bool:
        """Tell whether the program is computed in float64 in the place of its own."""
        return mode.dtype == HIGH and self.own(mode) != HIGH

    def _moded(self, mode: Mode) -> Mode:
        """Return the mode, for what has one only: evaluation."""
        return mode if self.form.trains else replace(mode, training=False)

    def kept(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return a program that is made once."""
        if key not in self._programs:
            if len(self._programs) >= _KEPT:
                self._programs.pop(next(iter(self._programs)))
            self._programs[key] = make()
        return self._programs[key]

    def key(
        self,
        what: str,
        arrays: Mapping[str, Array],
        constants: Mapping[str, Any],
        mode: Mode,
    ) -> tuple[Any, ...]:
        """Return what a program depends on."""
        shapes = tuple(
            (name, each.shape, str(each.dtype)) for name, each in arrays.items()
        )
        fixed = tuple((name, repr(value)) for name, value in constants.items())
        return what, shapes, fixed, mode, self.form.unbatched

    def computes_in_less(self, inputs: Mapping[str, Any], mode: Mode) -> bool:
        """Tell whether the float64 program has a step in a narrower dtype."""
        if self._less is None:
            self.answer(inputs, mode)
        return bool(self._less)

    def _goes_own_way(
        self, arrays: dict[str, Array], constants: dict[str, Any], mode: Mode
    ) -> bool:
        """Tell whether the model gives something else where it is not traced.

        Asked once: run operation by operation, JAX compiles each one for each shape,
        which takes ten times as long as compiling the whole.
        """
        if self._own_way is None and not mode.training:
            mixed = dict(zip(arrays, _mixed(arrays.values()), strict=True))
            function, parameters = self.function(constants, mode), self.parameters(mode)
            try:
                plain = _arrays(function(parameters, mixed))
            except Exception:  # noqa: BLE001 - then only the traced one works, or none
                return False
            try:
                fast = jax.jit(function, compiler_options=quick())(parameters, mixed)
            except jax.errors.JAXTypeError:  # it reads numbers, so it cannot be traced
                self._own_way = True
                return True
            self._own_way = _differ(plain, _arrays(fast))
        return bool(self._own_way)


def _mixed(arrays: Any) -> Iterator[Array]:
    """Yield arrays whose padding has numbers as well."""
    random = np.random.default_rng(0)
    for each in arrays:
        if each.dtype.kind in "iub":
            yield each
        else:
            noise = random.standard_normal(each.shape)
            yield (np.asarray(each, dtype=float) + noise).astype(each.dtype)


def _differ(one: dict[str, Array], two: dict[str, Array]) -> bool:
    """Tell whether two answers are further apart than rounding is."""
    for name, first in one.items():
        a, b = np.asarray(first, dtype=float), np.asarray(two[name], dtype=float)
        if a.shape != b.shape:
            return True
        finite = np.isfinite(a) & np.isfinite(b)
        gap = float(np.max(np.abs(a[finite] - b[finite]), initial=0))
        if gap > _ROUNDING * float(np.max(np.abs(a[finite]), initial=0)):
            return True
    return False


def _arrays(found: Mapping[str, Any]) -> dict[str, Array]:
    return {name: tree.array(each) for name, each in found.items()}


@cache
def quick() -> dict[str, bool | int]:
    """Return the options under which XLA spends the least time on machine code."""
    options: dict[str, bool | int] = {
        "xla_backend_optimization_level": 0,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": 1,
        "xla_llvm_disable_expensive_passes": True,
    }
    try:
        jax.jit(lambda x: x, compiler_options=options)(0.0)
    except jax.errors.JaxRuntimeError:  # another XLA knows other options
        return {"xla_backend_optimization_level": 0}
    return options
