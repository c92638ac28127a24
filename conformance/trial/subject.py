"""The subject of a check: one function of an adapter, called with NumPy batches."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.errors import (
    ContractViolation,
    NotGrantedError,
    NothingCapturedError,
)
from conformance.trial.granted import describe_lacking, find_lacking
from conformance.trial.layer import Layers, name_type, to_single
from conformance.trial.precision import numpy_dtype
from conformance.trial.sample import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from conformance.specification import Operation, Variant
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Array, Batch
    from conformance.trial.frameworks import Framework
    from conformance.trial.sample import Sample
    from conformance.trial.verdict import Verdict


class Subject:
    """An adapter's function for one variant, in one dtype, called by one route.

    Args:
        adapter: The loaded adapter.
        framework: Its framework's module.
        operation: The operation.
        variant: The variant, whose keywords are fixed here.
        dtype: The dtype of its inputs.
        route: How it is called.
    """

    def __init__(
        self,
        adapter: Adapter,
        framework: Framework,
        operation: Operation,
        variant: Variant,
        *,
        dtype: str,
        route: str,
    ) -> None:
        self.adapter = adapter
        self.framework = framework
        self.operation = operation
        self.variant = variant
        self.dtype = dtype
        self.route = route
        # The last batch given to the adapter: the evidence when it raises.
        self.given: Batch | None = None
        self._required = adapter.declaration.required(variant.name)
        # Layers, compiled functions and gradient functions, so that each is made once.
        self._layers = Layers(adapter, framework, operation, variant, route=route)
        self._compiled: dict[int, Callable[..., Any]] = {}
        self._gradients: dict[int, Callable[..., Any]] = {}
        self._tangents: dict[int, Callable[..., Any]] = {}

    @property
    def mask_forms(self) -> tuple[str, ...]:
        """The mask forms that the adapter declares."""
        return self.adapter.declaration.mask_forms

    def agrees(self, sample: Sample, *, form: str = "", note: str = "") -> Verdict:
        """Judge the adapter's answer for a sample against the exact one."""
        got = self.answer(sample.batch, form=form, like=sample.want)
        return judge(got, sample, note=note)

    def answer(self, batch: Batch, *, form: str = "", like: Array) -> Array:
        """Return the adapter's answer in its own dtype, its shape checked.

        Args:
            batch: The inputs, floating arrays in this subject's dtype.
            form: The mask's form, the usual one if none is given.
            like: An array of the shape that is expected.

        Raises:
            ContractViolation: It is no tensor of the framework, or of another shape.
        """
        self.given = batch
        with self.framework.scope(self.dtype):
            result = self.callable(batch)(*self.tensors(batch), self.mask(batch, form))
            return self.check_result(result, like.shape)

    def tensors(self, batch: Batch) -> list[Any]:
        """Return the batch's inputs as the route wants them, without the mask."""
        arrays = list(batch.inputs.values())
        if self.route == "autocast":
            # The dtype of this route is that of the computation: autocast takes
            # float32 and rounds to bfloat16 before each matrix product.
            arrays = [to_single(array) for array in arrays]
        return [self.framework.tensor(array) for array in arrays]

    def check_result(self, result: Any, shape: tuple[int, ...]) -> Array:
        """Return a result as an array once its type and shape are as specified."""
        where = f"{self.adapter.declaration.file}: {self.operation.function}"
        if not self.framework.is_tensor(result):
            expected = f"a {self.framework.NAME} tensor of shape {_shape(shape)}"
            hint = "return the framework's own tensor"
            msg = f"{where} returned {name_type(result)}, expected {expected}; {hint}"
            raise ContractViolation(msg)
        misplaced = self.framework.find_misplaced(result)
        if misplaced:
            wanted = f"{self.framework.device()} like its input"
            hint = "make new tensors on the input's device"
            msg = f"{where} returned a tensor on {misplaced}, expected {wanted}; {hint}"
            raise ContractViolation(msg)
        array = self.framework.array(result)
        if array.shape != shape:
            got, expected = _shape(array.shape), _shape(shape)
            expected += f" for {self.variant.name}; see {self.operation.signature}"
            msg = f"{where} returned shape {got}, expected {expected}"
            raise ContractViolation(msg)
        return array

    def callable(self, batch: Batch) -> Callable[..., Any]:
        """Return the function that takes the batch's tensors and a mask."""
        plain = self.eager_function(batch)
        if self.route == "eager":
            return plain
        if self.operation.builds and self.framework.FUNCTIONAL:
            return self._compile_layer(plain)
        # By id, since a layer need not be hashable; safe, since _layers keeps each one
        # alive and so no id is given out twice.
        if id(plain) not in self._compiled:
            self._compiled[id(plain)] = self.framework.compile(plain, self.route)
        return self._compiled[id(plain)]

    def _compile_layer(self, layer: Any) -> Callable[..., Any]:
        """Return the layer as a compiled function of its parameters."""
        key = _program_key(self.framework, layer)
        if key not in self._compiled:
            self._compiled[key] = self.framework.compile(layer.apply, self.route, 1)
        return partial(self._compiled[key], layer.parameters)

    def eager_function(self, batch: Batch) -> Callable[..., Any]:
        """Return the adapter's function, or the layer built for the batch's weights.

        Raises:
            NotGrantedError: The batch lacks what the adapter's head requires.
        """
        # Every way of calling the adapter with a batch comes through here.
        lacking = find_lacking(batch, self._required)
        if lacking:
            raise NotGrantedError(describe_lacking(lacking))
        return self._layers.eager_function(batch.weights)

    def build_layer(self, batch: Batch) -> Any:
        """Return a new layer of the batch's weights, for laws that change it."""
        self.given = batch
        return self._layers.build(batch.weights)

    def mask(self, batch: Batch, form: str = "") -> Any:
        """Return the mask as a tensor in one of the declared forms.

        By default that is the boolean one, or the first of an adapter that takes none.
        """
        if form == "none":
            return None
        return self.framework.tensor(self.formed(batch, form))

    def formed(self, batch: Batch, form: str = "") -> Array:
        """Return the mask as an array in one of the declared forms, likewise."""
        form = form or self.adapter.declaration.usual_form
        return mask_as(form, batch.mask, self.dtype)

    def gradients(
        self, batch: Batch, cotangent: Array
    ) -> tuple[dict[str, Array], list[Array]]:
        """Return the gradients through the inputs, and through a layer's parameters.

        Inputs are the differentiable ones and the operation's weights, by name;
        parameters in the layer's order.

        Raises:
            UnconnectedGradientError: One of them is not reached.
            ContractViolation: A gradient has not its input's shape.
        """
        self.given = batch
        weights = self.operation.weights_of(self.variant)
        names = (*self.operation.differentiable, *weights)
        with self.framework.scope(self.dtype):
            tensors = [self.framework.tensor(array) for array in batch.inputs.values()]
            tensors.append(self.mask(batch))
            tensors += self._layers.weights(batch.weights)
            dtype = numpy_dtype(self.dtype)
            pulled = self.framework.tensor(np.asarray(cotangent, dtype=dtype))
            found = self._gradient(batch)(tensors, pulled)[1]
            arrays = [self.framework.array(gradient) for gradient in found]
        inputs = dict(zip(names, arrays[: len(names)], strict=True))
        _need_shapes(inputs, {**batch.inputs, **batch.weights})
        return inputs, arrays[len(names) :]

    def tangent(self, batch: Batch, tangents: Mapping[str, Array]) -> Array:
        """Return the answer's tangent for tangents of the inputs, by forward mode."""
        self.given = batch
        names = list(batch.inputs)
        with self.framework.scope(self.dtype):
            given = [*self.tensors(batch), self.mask(batch)]
            moved = [self.framework.tensor(array) for array in tangents.values()]
            wanted = [names.index(name) for name in tangents]
            plain = self.eager_function(batch)
            if id(plain) not in self._tangents:
                self._tangents[id(plain)] = self.framework.tangent(plain, wanted)
            return self.framework.array(self._tangents[id(plain)](given, moved))

    def _gradient(self, batch: Batch) -> Callable[..., Any]:
        weights = self.operation.weights_of(self.variant)
        # Weights are arguments here: a gradient is taken through them as well.
        plain: Any = self.eager_function(
            replace(batch, weights={}) if weights else batch
        )
        builds = self.operation.builds
        key = _program_key(self.framework, plain) if builds else id(plain)
        if key not in self._gradients:
            through = (*self.operation.differentiable, *weights)
            names = [*batch.inputs, "mask", *weights]
            wanted = [names.index(name) for name in through]
            make = self.framework.layer_gradient if builds else self.framework.gradient
            self._gradients[key] = make(plain, wanted)
        found = self._gradients[key]
        if builds and self.framework.FUNCTIONAL:
            return partial(found, parameters=plain.parameters)
        return found

    def describe_capture(self) -> str:
        """Return what the compiled route captured, in words.

        Raises:
            NothingCapturedError: It compiled nothing.
        """
        return _describe_captures(self.framework, self._compiled.values())


def _program_key(framework: Framework, layer: Any) -> int:
    """Return one key for all layers that the same compiled program can serve.

    Layers of a variant differ in their parameters alone, as they do from step to step
    in training. State that is not trained is no argument of the program but a constant
    in it, so a layer with state needs a program of its own.
    """
    state = getattr(layer, "state", ())
    own = not framework.FUNCTIONAL or framework.leaves(state)
    return id(layer) if own else 0


def _describe_captures(
    framework: Framework, compiled: Collection[Callable[..., Any]]
) -> str:
    captures = [framework.read_capture(each) for each in compiled]
    graphs = sum(capture.graphs for capture in captures)
    nodes = sum(capture.operations for capture in captures)
    breaks = sum(capture.breaks for capture in captures)
    if compiled and not nodes:
        msg = f"the {framework.NAME} compiler captured no operation"
        raise NothingCapturedError(msg)
    return f"{graphs} graphs, {nodes} operations, {breaks} breaks" if nodes else ""


def _need_shapes(gradients: Mapping[str, Array], given: Mapping[str, Array]) -> None:
    for name, array in gradients.items():
        if array.shape != given[name].shape:
            msg = (
                f"the gradient through {name} has shape {_shape(array.shape)}, "
                f"expected {_shape(given[name].shape)} like {name}"
            )
            raise ContractViolation(msg)


def _shape(shape: tuple[int, ...]) -> str:
    return str(tuple(map(int, shape)))


def mask_as(form: str, mask: Array, dtype: str) -> Array:
    """Return a boolean mask ``[B, T]`` in another form."""
    return _MASKS[form](mask, dtype)


_MASKS: Mapping[str, Callable[[Array, str], Array]] = {
    "bool": lambda mask, dtype: mask,  # noqa: ARG005
    "float": lambda mask, dtype: mask.astype(
        "float32" if dtype != "float64" else dtype
    ),
    "int8": lambda mask, dtype: mask.astype(np.int8),  # noqa: ARG005
    "uint8": lambda mask, dtype: mask.astype(np.uint8),  # noqa: ARG005
    "lengths": lambda mask, dtype: mask.sum(axis=1, dtype=np.int32),  # noqa: ARG005
    "rank-3": lambda mask, dtype: mask[:, :, None],  # noqa: ARG005
}
