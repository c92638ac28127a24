# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torch-geometric==2.8.1"]
# [tool.mask-conformance]
# system = "PyTorch Geometric"
# library = "torch-geometric"
# family = "PyTorch"
# role = "variant"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# unsupported = { "unpack.steps" = "a batch goes graph by graph" }
# ///
"""PyTorch Geometric's dense batches: a row is a graph, a position one of its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch_geometric.utils import to_dense_batch

if TYPE_CHECKING:
    from torch import Tensor


def unpack(values: Tensor, x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # graph by graph
    nodes = values.flatten(0, 1)[: mask.sum()]
    graphs = mask.nonzero()[:, 0]
    return to_dense_batch(nodes, graphs, 0, x.shape[1], len(mask))[0]
