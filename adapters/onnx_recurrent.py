# /// script
# requires-python = ">=3.11"
# dependencies = ["onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6"]
# [tool.mask-conformance]
# system = "ONNX Runtime"
# library = "onnxruntime"
# family = "Other"
# framework = "numpy"
# environment = "onnxruntime"
# dtypes = ["float32"]
# placements = ["right"]
# mask-forms = ["bool"]
# padding = { reverse_sequence = "kept", "rnn.*" = "zero" }
# [tool.mask-conformance.zero-batch]
# "birnn.gru.*" = "error"
# "birnn.lstm.*" = "error"
# "rnn.gru.*" = "error"
# "rnn.lstm.*" = "error"
# [tool.mask-conformance.unsupported]
# "birnn.*.sum.*" = "ONNX stacks the directions on an axis of their own"
# ///
"""ONNX Runtime's LSTM, GRU, RNN and ReverseSequence, which know lengths only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype

_OPSET, _IR = 22, 10
_CELLS = {"simple": "RNN", "lstm": "LSTM", "gru": "GRU"}
_DIRECTIONS = {"forward": "forward", "backward": "reverse"}
# ONNX has its gates in the order i o f c (lstm) and z r h (gru).
_ORDERS = {"simple": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}


def reverse_sequence(x: Array, mask: Array) -> Array:
    given = {"x": np.ascontiguousarray(x), "lengths": mask.sum(axis=1)}
    return _reversing(x.ndim).run(None, given)[0]


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    del merge  # concatenated
    parameters = _parameters((forward, backward), cell)
    session = _recurrent(cell, parameters, "bidirectional")
    return _BiRnn(parameters=list(parameters.values()), session=session, output=output)


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    parameters = _parameters((weights,), cell)
    session = _recurrent(cell, parameters, _DIRECTIONS[direction], taken=True)
    own = list(parameters.values())
    return _Rnn(parameters=own, session=session, output=output)


def _parameters(directions: tuple[Any, ...], cell: str) -> dict[str, Array]:
    order = _ORDERS[cell]
    bias = [
        np.concatenate(
            [_ordered(each.bias, order), _ordered(each.recurrent_bias, order)]
        )
        for each in directions
    ]
    recurrent = [_ordered(each.recurrent_kernel, order).T for each in directions]
    return {
        "w": np.stack([_ordered(each.kernel, order).T for each in directions]),
        "r": np.stack(recurrent),
        "b": np.stack(bias),
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """A session, called with time first, whose lengths come from the mask."""

    parameters: list[Array]
    session: onnxruntime.InferenceSession
    output: str

    def __call__(self, x: Array, mask: Array) -> Array:
        given = {
            "x": np.ascontiguousarray(x.swapaxes(0, 1)),
            "lengths": mask.sum(axis=1, dtype=np.int32),
        }
        steps, ends = self.session.run(None, given)
        if self.output == "final":
            return np.concatenate(list(ends), axis=-1)
        # [T, 2, B, H], the directions side by side.
        return np.concatenate([steps[:, 0], steps[:, 1]], axis=-1).swapaxes(0, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """A session of one direction, which takes and gives its states."""

    parameters: list[Array]
    session: onnxruntime.InferenceSession
    output: str

    def __call__(self, initial: Array, x: Array, mask: Array) -> Array:
        units = self.parameters[1].shape[2]
        states = np.split(initial, initial.shape[1] // units, axis=1)
        given = {
            "x": np.ascontiguousarray(x.swapaxes(0, 1)),
            "lengths": mask.sum(axis=1, dtype=np.int32),
            **{f"begin{at}": state[None] for at, state in enumerate(states)},
        }
        steps, *ends = self.session.run(None, given)
        if self.output == "final":
            return np.concatenate([end[0] for end in ends], axis=-1)
        return steps[:, 0].swapaxes(0, 1)


def _recurrent(
    cell: str, parameters: dict[str, Array], direction: str, *, taken: bool = False
) -> onnxruntime.InferenceSession:
    more = {"linear_before_reset": 1} if cell == "gru" else {}
    states = range((1 + (cell == "lstm")) if taken else 0)
    begins = [f"begin{at}" for at in states]
    node = helper.make_node(
        _CELLS[cell],
        ["x", *parameters, "lengths", *begins],
        ["steps", "ends", *(["cells"] if len(begins) > 1 else [])],
        direction=direction,
        hidden_size=parameters["r"].shape[2],
        **more,
    )
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * 3),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, [None]),
        *(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 3)
            for name in begins
        ),
    ]
    fixed = [numpy_helper.from_array(value, name) for name, value in parameters.items()]
    return _session(node, inputs, fixed)


@cache
def _reversing(axes: int) -> onnxruntime.InferenceSession:
    node = helper.make_node(
        "ReverseSequence", ["x", "lengths"], ["y"], batch_axis=0, time_axis=1
    )
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * axes),
        helper.make_tensor_value_info("lengths", TensorProto.INT64, [None]),
    ]
    return _session(node, inputs, [])


def _session(node: Any, inputs: Any, fixed: Any) -> onnxruntime.InferenceSession:
    """Return a model of one operator."""
    results = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in node.output
    ]
    graph = helper.make_graph([node], node.op_type, inputs, results, fixed)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def _ordered(gates: Array, order: list[int]) -> Array:
    """Return the gates along the last axis in another order."""
    parts = np.split(gates, len(order), axis=-1)
    return np.concatenate([parts[number] for number in order], axis=-1)
