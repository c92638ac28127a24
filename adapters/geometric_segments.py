# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torch-geometric==2.8.1"]
# [tool.mask-conformance]
# system = "PyTorch Geometric"
# library = "torch-geometric"
# family = "PyTorch"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# "masked_topk.*" = "zero"
# "row_norm.*" = "zero"
# [tool.mask-conformance.empty]
# masked_mean = "zero"
# masked_max = "zero"
# masked_min = "zero"
# masked_prod = "one"
# masked_variance = "zero"
# "masked_std.*" = "zero"
# "masked_median.*" = "zero"
# "masked_topk.*" = "zero"
# masked_softmax = "zero"
# "attention_pooling.*" = "zero"
# [tool.mask-conformance.unsupported]
# "attention_pooling.mean_std.*" = "it has no weighted deviation"
# "masked_std.1" = "its standard deviation has no ddof"
# "row_norm.time.1.inside" = "its variance has no ddof"
# "row_norm.time.0.outside" = "its epsilon is added to the variance"
# ///
"""PyTorch Geometric's aggregations, softmax and norms: a row is a graph's nodes."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch_geometric.nn import InstanceNorm, LayerNorm, aggr
from torch_geometric.utils import softmax


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return _aggregate(aggr.MeanAggregation(), x, mask)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return _aggregate(aggr.MaxAggregation(), x, mask)


def masked_min(x: Tensor, mask: Tensor) -> Tensor:
    return _aggregate(aggr.MinAggregation(), x, mask)


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    return _aggregate(aggr.SumAggregation(), x, mask)


def masked_prod(x: Tensor, mask: Tensor) -> Tensor:
    return _aggregate(aggr.MulAggregation(), x, mask)


def masked_variance(x: Tensor, mask: Tensor) -> Tensor:
    return _aggregate(aggr.VarAggregation(), x, mask)


def masked_std(x: Tensor, mask: Tensor, *, ddof: int) -> Tensor:
    del ddof  # it divides by the number of nodes
    return _aggregate(aggr.StdAggregation(), x, mask)


def masked_median(x: Tensor, mask: Tensor, *, middle: str) -> Tensor:
    means = aggr.QuantileAggregation(0.5, "midpoint")
    median = {"lower": aggr.MedianAggregation(), "mean": means}[middle]
    return _aggregate(median, x, mask)


def masked_topk(x: Tensor, mask: Tensor, *, k: int) -> Tensor:
    # It sorts nodes by their last feature: each feature is asked by itself.
    columns = x.reshape(*x.shape[:2], math.prod(x.shape[2:]))[mask].split(1, dim=1)
    sort, graphs = aggr.SortAggregation(k), _graphs(mask)
    found = [sort(column, graphs, dim_size=len(mask)) for column in columns]
    return torch.stack(found, dim=2).reshape(len(x), k, *x.shape[2:])


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    graph = _graphs(mask)
    shares = softmax(x[mask], graph, num_nodes=len(mask))
    return torch.zeros_like(x).masked_scatter(mask, shares)


def attention_pooling(
    x: Tensor, score: Tensor, mask: Tensor, *, pool: str, per: str, floor: float
) -> Tensor:
    del pool, floor
    scores = score if per == "feature" else score[..., None]
    # What its gate is given is the score itself, beside what it weighs.
    width = scores.shape[2]
    nodes = torch.cat([scores, x], dim=2)[mask]
    layer = aggr.AttentionalAggregation(_Columns(0, width), _Columns(width, None))
    return layer(nodes, _graphs(mask), dim_size=len(mask))


class _Columns(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """Some of the features, as they are."""

    def __init__(self, start: int, stop: int | None) -> None:
        super().__init__()
        self.columns = slice(start, stop)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.columns]


def row_norm(x: Tensor, mask: Tensor, *, over: str, ddof: int, epsilon: str) -> Tensor:
    del ddof, epsilon  # 0 and inside alone
    kinds = {"time": InstanceNorm, "group": LayerNorm}
    norm = kinds[over](x.shape[2], eps=1e-3, affine=False)
    normed = norm(x[mask], _graphs(mask), batch_size=len(mask))
    wide = mask[:, :, None].expand(x.shape)
    return torch.zeros_like(x).masked_scatter(wide, normed)


def _aggregate(aggregation: aggr.Aggregation, x: Tensor, mask: Tensor) -> Tensor:
    """Return an aggregation of each row's valid positions."""
    nodes = x[mask]
    flat = nodes.reshape(len(nodes), math.prod(x.shape[2:]))
    found = aggregation(flat, _graphs(mask), dim_size=len(mask), dim=0)
    return found.reshape(x.shape[:1] + x.shape[2:])


def _graphs(mask: Tensor) -> Tensor:
    """Return the row of each valid position, as a batch vector of nodes."""
    rows = torch.arange(len(mask), device=mask.device)
    return rows.repeat_interleave(mask.sum(dim=1))
