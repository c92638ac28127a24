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
# zero-batch = { "birnn.gru.*" = "error", "birnn.lstm.*" = "error" }
# padding = { reverse_sequence = "kept" }
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
# ONNX has its gates in the order i o f c (lstm) and z r h (gru).
_ORDERS = {"simple": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}


def reverse_sequence(x: Array, mask: Array) -> Array:
    given = {"x": np.ascontiguousarray(x), "lengths": mask.sum(axis=1)}
    return _reversing(x.ndim).run(None, given)[0]


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    del merge  # concatenated
    both, order = (forward, backward), _ORDERS[cell]
    bias = [
        np.concatenate(
            [_ordered(each.bias, order), _ordered(each.recurrent_bias, order)]
        )
        for each in both
    ]
    parameters = {
        "w": np.stack([_ordered(each.kernel, order).T for each in both]),
        "r": np.stack([_ordered(each.recurrent_kernel, order).T for each in both]),
        "b": np.stack(bias),
    }
    session = _recurrent(cell, forward.recurrent_kernel.shape[0], parameters)
    return _BiRnn(parameters=list(parameters.values()), session=session, output=output)


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


def _recurrent(
    cell: str, units: int, parameters: dict[str, Array]
) -> onnxruntime.InferenceSession:
    more = {"linear_before_reset": 1} if cell == "gru" else {}
    node = helper.make_node(
        _CELLS[cell],
        ["x", *parameters, "lengths"],
        ["steps", "ends"],
        direction="bidirectional",
        hidden_size=units,
        **more,
    )
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [None] * 3),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, [None]),
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
