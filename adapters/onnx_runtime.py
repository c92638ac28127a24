# /// script
# requires-python = ">=3.11"
# dependencies = ["onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6"]
# [tool.mask-conformance]
# system = "ONNX Runtime"
# library = "onnxruntime"
# family = "Other"
# framework = "numpy"
# environment = "onnxruntime"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "*attention.*" = "attend" }
# [tool.mask-conformance.unsupported]
# "masked_loss.mse.*" = "ONNX has no mean squared error"
# "masked_loss.binary_cross_entropy.*" = "ONNX has no binary cross-entropy"
# "masked_loss.*.sequence_mean" = "SoftmaxCrossEntropyLoss reduces the whole batch"
# ///
"""ONNX Runtime: Attention with a mask, SoftmaxCrossEntropyLoss(ignore_index)."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from onnx import NodeProto, helper

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype

_OPSET, _IR = 23, 11
_WINDOWED = 25  # the first whose Attention has a window
_IGNORED = -100


def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    del kind  # cross_entropy: no other is offered
    labels = np.where(mask, targets, _IGNORED).astype(np.int64)
    return _run(
        (
            "SoftmaxCrossEntropyLoss",
            ("reduction", reduction),
            ("ignore_index", _IGNORED),
        ),
        np.ascontiguousarray(np.moveaxis(predictions, -1, 1)),
        labels,
    )


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    q, k, v = (np.moveaxis(x, 1, 2) for x in (query, key, value))
    shape = (len(mask), 1, *mask.shape[1:] * 2)
    seen = np.broadcast_to(mask[:, None, None, :], shape)
    found = _run(("Attention", ("is_causal", int(causal))), q, k, v, seen)
    return np.moveaxis(found, 1, 2)


def windowed_attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool, window: int
) -> Array:
    q, k, v = (np.moveaxis(x, 1, 2) for x in (query, key, value))
    shape = (len(mask), 1, *mask.shape[1:] * 2)
    seen = np.broadcast_to(mask[:, None, None, :], shape)
    sides = {"left_window_size": window, "right_window_size": 0 if causal else window}
    node = ("Attention", ("is_causal", int(causal)), *sides.items())
    return np.moveaxis(_run(node, q, k, v, seen, opset=_WINDOWED), 1, 2)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    grouped: bool,
) -> Array:
    del query_mask, grouped  # keys of fewer heads are shared without being told
    q, k, v = (np.moveaxis(x, 1, 2) for x in (query, key, value))
    shape = (len(mask), 1, query.shape[1], mask.shape[1])
    seen = np.broadcast_to(mask[:, None, None, :], shape)
    return np.moveaxis(_run(("Attention",), q, k, v, seen), 1, 2)


def _run(node: tuple[Any, ...], *arrays: Array, opset: int = _OPSET) -> Array:
    given = [np.ascontiguousarray(array) for array in arrays]
    types = ((array.dtype, array.ndim) for array in given)
    session = _session(node, opset, *types)
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, given, strict=True)))[0]


@cache
def _session(
    node: tuple[Any, ...], version: int, *inputs: tuple[np.dtype[Any], int]
) -> onnxruntime.InferenceSession:
    """Return a model of one operator, its inputs of any shape."""
    operator, *attributes = node
    names = [f"x{number}" for number in range(len(inputs))]
    only: NodeProto = helper.make_node(operator, names, ["y"], **dict(attributes))
    types = [helper.np_dtype_to_tensor_dtype(dtype) for dtype, _ in inputs]
    values = [
        helper.make_tensor_value_info(name, kind, [None] * axes)
        for name, kind, (_, axes) in zip(names, types, inputs, strict=True)
    ]
    result = helper.make_tensor_value_info("y", types[0], None)
    graph = helper.make_graph([only], operator, values, [result])
    opset = helper.make_opsetid("", version)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
