"""A traced function as a list of steps, compiled functions and loops taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jax.extend import core

from conformance.probe.frameworks.jax import marks
from conformance.probe.frameworks.jax.lines import user_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CALLS = {"pjit", "jit", "closed_call", "core_call", "core_closed_call", "call"}
_INLINE = {"remat", "remat2", "checkpoint", "custom_jvp_call", "custom_vjp_call"}
"""Equations that only call an inner program; the second kind has rules of its own for
derivatives, which are lost when it is taken apart."""

_UNROLLED = 64
"""Turns of a loop that are taken apart; a longer one stays one step."""

_TIME = 8
"""From this length on, a loop one shorter or longer than an axis is one over it."""


@dataclass(frozen=True, slots=True)
class Where:
    """Module, class, file and line of a step."""

    path: str = ""
    kind: str = ""
    file: str = ""
    line: int = 0


@dataclass(slots=True, kw_only=True)
class Step:
    """One operation.

    Attributes:
        name: The primitive's name.
        equation: The equation; None for what is made when a loop is taken apart.
        function: What is called where there is no equation.
        inputs: Numbers of values, and constants as arrays.
        outputs: Numbers of values.
        inner: Programs in the equation's parameters, by name.
        where: Where it is written.
    """

    name: str
    inputs: tuple[Any, ...]
    outputs: tuple[int, ...]
    where: Where
    equation: Any = None
    function: Callable[..., Any] | None = None
    inner: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Program:
    """Steps, and the numbers of the values that go in and come out.

    Attributes:
        steps: In order.
        constants: Arrays that the function holds; they follow the inputs.
        inputs: How many values go in.
        outputs: Numbers, or arrays where an answer is a constant.
        count: How many values there are.
    """

    steps: list[Step]
    constants: list[Any]
    inputs: int
    outputs: list[Any]
    count: int


def flatten(
    closed: Any, times: Sequence[int] = (), *, inline: bool = True, root: str = ""
) -> Program:
    """Return a closed jaxpr as steps.

    Args:
        closed: The jaxpr.
        times: Lengths of the inputs' axes: a loop over one of them stays one step.
        inline: Whether functions with derivatives of their own are taken apart.
        root: The class of the model.
    """
    maker = _Maker(times, inline=inline)
    inputs = [maker.fresh() for _ in closed.jaxpr.invars]
    constants = [maker.fresh() for _ in closed.consts]
    outputs = maker.walk(closed.jaxpr, constants, inputs, Where(kind=root))
    return Program(
        steps=maker.steps,
        constants=list(closed.consts),
        inputs=len(inputs),
        outputs=outputs,
        count=maker.count,
    )


class _Maker:
    """Numbers the values and collects the steps."""

    def __init__(self, times: Sequence[int], *, inline: bool) -> None:
        self.steps: list[Step] = []
        self.count = 0
        self._times = set(times)
        self._near = {
            each + more for each in times for more in (-1, 1) if each >= _TIME
        }
        self._calls = _CALLS | _INLINE if inline else _CALLS
        self._inline = inline

    def fresh(self) -> int:
        self.count += 1
        return self.count - 1

    def walk(
        self, jaxpr: Any, constants: Sequence[Any], inputs: Sequence[Any], where: Where
    ) -> list[Any]:
        """Take a program apart; return its outputs."""
        known: dict[Any, Any] = {}
        known.update(zip(jaxpr.constvars, constants, strict=True))
        known.update(zip(jaxpr.invars, inputs, strict=True))

        def read(atom: Any) -> Any:
            if isinstance(atom, core.Literal):
                return np.asarray(atom.val, dtype=atom.aval.dtype)
            return known[atom]

        for equation in jaxpr.eqns:
            given = [read(each) for each in equation.invars]
            outputs = self._step(equation, given, _where(equation, where))
            known.update(zip(equation.outvars, outputs, strict=True))
        return [read(each) for each in jaxpr.outvars]

    def _step(self, equation: Any, given: list[Any], where: Where) -> list[Any]:
        name, params = equation.primitive.name, equation.params
        if name in self._calls:
            inner = params.get("jaxpr") or params.get("call_jaxpr")
            if inner is not None:
                constants = list(getattr(inner, "consts", ()))
                plain = getattr(inner, "jaxpr", inner)
                return self.walk(plain, constants, given, where)
        if name == "scan" and self._inline and self._apart(params["length"]):
            return self._unrolled(params, given, where)
        outputs = [self.fresh() for _ in equation.outvars]
        self.steps.append(
            Step(
                name=name,
                inputs=tuple(given),
                outputs=tuple(outputs),
                where=where,
                equation=equation,
                inner=_inner(params),
            )
        )
        return outputs

    def _apart(self, length: int) -> bool:
        """Tell whether a loop is one over layers, not over positions or rows."""
        return length <= _UNROLLED and length not in self._times | self._near

    def _unrolled(self, params: Any, given: list[Any], where: Where) -> list[Any]:
        """Take a loop apart, turn by turn."""
        body, held = params["jaxpr"], params["num_consts"]
        carried = params["num_carry"]
        fixed, carry = given[:held], given[held : held + carried]
        sequences = given[held + carried :]
        turns = range(params["length"])
        rows: dict[int, list[Any]] = {}
        for turn in reversed(turns) if params["reverse"] else turns:
            parts = [self._take(each, turn, where) for each in sequences]
            out = self.walk(body.jaxpr, body.consts, [*fixed, *carry, *parts], where)
            carry, rows[turn] = out[:carried], out[carried:]
        columns = zip(*(rows[turn] for turn in turns), strict=True)
        return [*carry, *(self._stack(list(each), where) for each in columns)]

    def _take(self, value: Any, turn: int, where: Where) -> Any:
        def take(array: Any) -> Any:
            return array[turn]

        return self._made("index", take, (value,), where)

    def _stack(self, values: list[Any], where: Where) -> Any:
        def stack(*arrays: Any) -> Any:
            return np.stack(arrays)

        return self._made("stack", stack, tuple(values), where)

    def _made(
        self, name: str, function: Callable[..., Any], inputs: Any, where: Where
    ) -> int:
        number = self.fresh()
        self.steps.append(
            Step(
                name=name,
                inputs=inputs,
                outputs=(number,),
                where=where,
                function=function,
            )
        )
        return number


def _where(equation: Any, outer: Where) -> Where:
    """Return where an equation is written; what it does not know its caller does."""
    place = marks.place(equation.source_info.name_stack)
    path, kind = place or (outer.path, outer.kind)
    file, line = user_line(equation.source_info) or (outer.file, outer.line)
    return Where(path, kind, file, line)


def _inner(params: Any) -> dict[str, Any]:
    """Return the programs in an equation's parameters."""
    found: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, core.ClosedJaxpr):
            found[name] = flatten(value)
        elif name == "branches":
            found[name] = [flatten(each) for each in value]
    return found
