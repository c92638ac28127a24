"""Every operation on the way back from a model's answer, with the gradients there.

A tape tells gradients of values, and not which operation handed them on. So the
operations are recorded as they run, and each is differentiated by itself, with the
function that TensorFlow has for it; one with a gradient of its own is one step, and so
is a layer that takes a step for each position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import backprop, record

from conformance.probe.frameworks.nest import leaves
from conformance.probe.frameworks.stack import user_line
from conformance.probe.frameworks.tensorflow.recorder import OpRecorder
from conformance.probe.frameworks.tensorflow.tree import array, is_numeric, names
from conformance.probe.trace import GradientStep, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Instead


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeStep:
    """One operation of a call, and what differentiates it.

    Attributes:
        site: The operation.
        inputs: What it took.
        outputs: What it gave.
        pull: Takes gradients of what it gave and returns those of what it took.
    """

    site: Site
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    pull: Callable[[Sequence[Any]], Sequence[Any]] = field(repr=False)


class StepRecorder(OpRecorder):
    """Records a call, and how each operation is differentiated.

    Args:
        kind: The class of the model.
        parameters: Tensors that a whole layer may read besides its arguments.
    """

    def __init__(self, kind: str, parameters: Sequence[Any] = ()) -> None:
        super().__init__(kind, outline=True)
        self.steps: list[MadeStep] = []
        self._parameters = parameters
        self._record: Any = None

    def __enter__(self) -> Self:
        self._record = record.record_operation
        record.record_operation = self._see_own
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        record.record_operation = self._record

    def whole(
        self,
        given: Any,
        op: str,
        function: Callable[[], Any],
        carry: Callable[[Any, Any], object],
    ) -> Any:
        """Call a module that counts as one operation, and differentiate it as one."""
        sources = [
            each
            for each in (*leaves(given, is_numeric), *self._parameters)
            if each.dtype.is_floating
        ]
        tape = tf.GradientTape(persistent=True)

        def taped() -> Any:
            with tape:
                for each in sources:
                    tape.watch(each)
                return function()

        found = super().whole(given, op, taped, carry)
        outputs = [each for each in leaves(found, is_numeric) if each.dtype.is_floating]

        def pull(gradients: Sequence[Any]) -> Sequence[Any]:
            pulled: Sequence[Any] = tape.gradient(
                outputs, sources, output_gradients=list(gradients)
            )
            return pulled

        self.steps.append(
            MadeStep(
                site=self.trace.sites[-1], inputs=sources, outputs=outputs, pull=pull
            )
        )
        return found

    def _see(  # noqa: PLR0917 - TensorFlow's signature
        self,
        op_type: Any,
        inputs: Sequence[Any],
        attrs: Any,
        outputs: list[Any],
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        """Record an operation."""
        before = len(self.trace.sites)
        super()._see(op_type, inputs, attrs, outputs, op_name, graph)
        if len(self.trace.sites) == before:
            return
        taken, given = list(inputs), list(outputs)
        name = self.trace.sites[-1].op

        def pull(gradients: Sequence[Any]) -> Sequence[Any]:
            found = backprop._gradient_function(  # noqa: SLF001 - the tape's own
                name, attrs, len(taken), taken, given, list(gradients), (), ""
            )
            listed: Sequence[Any] = (
                found if isinstance(found, list | tuple) else [found]
            )
            return listed

        self.steps.append(
            MadeStep(site=self.trace.sites[-1], inputs=taken, outputs=given, pull=pull)
        )

    def _see_own(
        self,
        op_type: str,
        output_tensors: Sequence[Any],
        input_tensors: Sequence[Any],
        backward_function: Callable[..., Any],
        forward_function: Any = None,
    ) -> None:
        """Record a function with a gradient of its own."""
        if not self._pauses:
            path, kind, call = self._stack[-1]
            site = Site(path=path, kind=kind, op=f"custom_gradient.{op_type}")
            site.file, site.line = user_line()
            site.call, site.time = call, self._counts.time(site)
            self.steps.append(
                MadeStep(
                    site=site,
                    inputs=list(input_tensors),
                    outputs=list(output_tensors),
                    pull=lambda gradients: backward_function(*gradients),
                )
            )
        self._record(
            op_type, output_tensors, input_tensors, backward_function, forward_function
        )


def walk_back(  # noqa: PLR0917 - what a way back needs
    call: Callable[[], Any],
    recorder: StepRecorder,
    leaves_of: Callable[[], Mapping[str, Any]],
    cotangents: Mapping[str, Array],
    instead: Instead,
    variables: Mapping[str, Any] | None = None,
) -> list[GradientStep]:
    """Return the steps of the way back, in the order of the call.

    Args:
        call: Calls the model.
        recorder: Records the call.
        leaves_of: Returns inputs and parameters that are tensors, by name, after the
            call.
        cotangents: By output.
        instead: What is handed on in the place of something else.
        variables: Parameters that are variables, by name.
    """
    with recorder:
        outputs = names(call())
    steps = recorder.steps
    # An operation with a gradient of its own is noted after those that are inside.
    makers = {id(t): at for at, step in enumerate(steps) for t in step.outputs}
    targets: dict[int, int | str] = dict(makers)
    targets |= {id(each): name for name, each in leaves_of().items()}
    _name_variables(targets, steps, variables or {})
    sums: dict[int, Any] = {}
    for name, weights in cotangents.items():
        if name in outputs and outputs[name].dtype.is_floating:
            _add(sums, outputs[name], tf.cast(weights, outputs[name].dtype))
    found: list[GradientStep] = []
    for number in reversed(range(len(steps))):
        step = steps[number]
        own = [
            sums.get(id(each)) if makers[id(each)] == number else None
            for each in step.outputs
        ]
        handed = _pull(step, own, number, instead)
        for tensor, gradient in zip(step.inputs, handed, strict=True):
            if gradient is not None:
                _add(sums, tensor, gradient)
        found.append(
            GradientStep(
                site=step.site,
                taken=tuple(array(each) for each in own if each is not None),
                handed=tuple(None if each is None else array(each) for each in handed),
                targets=tuple(targets.get(id(each)) for each in step.inputs),
            )
        )
    return found[::-1]


def _name_variables(
    targets: dict[int, int | str],
    steps: Sequence[MadeStep],
    variables: Mapping[str, Any],
) -> None:
    """Name the tensors that variables were read as.

    Most operations read a variable without an operation that is seen; what they get has
    the variable's own memory.
    """
    if not variables:
        return
    targets |= {id(each.handle): name for name, each in variables.items()}
    known = {_find_memory(each.value()): name for name, each in variables.items()}
    for step in steps:
        for each in step.inputs:
            name = known.get(_find_memory(each)) if id(each) not in targets else None
            if name is not None:
                targets[id(each)] = name


def _find_memory(tensor: Any) -> object:
    """Return where a tensor's numbers stand; something else where that is not told."""
    try:
        return int(np.asarray(memoryview(tensor)).ctypes.data)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return id(tensor), "elsewhere"


def _pull(
    step: MadeStep, own: Sequence[Any], number: int, instead: Instead
) -> list[Any]:
    """Return what a step hands to each of its inputs, or something else."""
    if all(each is None for each in own):
        return [None] * len(step.inputs)
    full = [
        tf.zeros_like(output) if each is None and is_numeric(output) else each
        for each, output in zip(own, step.outputs, strict=True)
    ]
    handed: list[Any] = []
    for edge, each in enumerate(step.pull(full)):
        gradient = each
        if isinstance(gradient, tf.IndexedSlices):
            gradient = tf.convert_to_tensor(gradient)
        if gradient is not None and not gradient.dtype.is_floating:
            gradient = None
        other = instead.get((number, edge))
        if other is not None and gradient is not None:
            gradient = tf.constant(other, gradient.dtype)
        handed.append(gradient)
    return handed


def _add(sums: dict[int, Any], tensor: Any, gradient: Any) -> None:
    key = id(tensor)
    sums[key] = sums[key] + gradient if key in sums else gradient
