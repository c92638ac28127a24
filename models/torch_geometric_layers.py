# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torch-geometric==2.8.1"]
# [tool.mask-conformance]
# title = "torch-geometric"
# environment = "torch_third"
# preload = ["torch", "torch_geometric.nn"]
# ///
"""torch_geometric's aggregations: rows come flat with an index, never padded.

What an aggregation pads by itself, inside, must not show: `Rows` hands it the valid
positions of each row alone.
"""

from __future__ import annotations

import torch
from torch_geometric import nn


class Rows(torch.nn.Module):
    """An aggregation over the valid positions of each row."""

    def __init__(self, aggregation):
        super().__init__()
        self.aggregation = aggregation

    def forward(self, x, mask):
        index = torch.arange(len(x))[:, None].expand(mask.shape)[mask]
        return self.aggregation(x[mask], index, dim_size=len(x))


def sum_aggregation():
    return Rows(nn.SumAggregation())


def mean_aggregation():
    return Rows(nn.MeanAggregation())


def max_aggregation():
    return Rows(nn.MaxAggregation())


def min_aggregation():
    return Rows(nn.MinAggregation())


def mul_aggregation():
    return Rows(nn.MulAggregation())


def var_aggregation():
    return Rows(nn.VarAggregation())


def std_aggregation():
    return Rows(nn.StdAggregation())


def softmax_aggregation():
    return Rows(nn.SoftmaxAggregation(learn=True))


def power_mean_aggregation():
    return Rows(nn.PowerMeanAggregation(learn=True))


def median_aggregation():
    return Rows(nn.MedianAggregation())


def quantile_aggregation():
    return Rows(nn.QuantileAggregation(q=0.3))


def sort_aggregation():
    return Rows(nn.SortAggregation(k=4))


def lstm_aggregation():
    return Rows(nn.LSTMAggregation(8, 6))


def gru_aggregation():
    return Rows(nn.GRUAggregation(8, 6))


def set2set():
    return Rows(nn.Set2Set(8, processing_steps=2))


def attentional_aggregation():
    return Rows(nn.AttentionalAggregation(torch.nn.Linear(8, 1)))


def deep_sets_aggregation():
    return Rows(nn.DeepSetsAggregation(torch.nn.Linear(8, 6), torch.nn.Linear(6, 6)))


def set_transformer_aggregation():
    return Rows(nn.SetTransformerAggregation(8, heads=2))


def graph_multiset_transformer():
    return Rows(nn.GraphMultisetTransformer(8, k=3, heads=2))


def patch_transformer_aggregation():
    return Rows(nn.PatchTransformerAggregation(8, 6, patch_size=2, hidden_channels=8))


def variance_preserving_aggregation():
    return Rows(nn.VariancePreservingAggregation())


def lcm_aggregation():
    return Rows(nn.LCMAggregation(8, 6))


def graph_norm():
    norm = nn.GraphNorm(8)

    class Normed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = norm

        def forward(self, x, mask):
            index = torch.arange(len(x))[:, None].expand(mask.shape)[mask]
            out = torch.zeros_like(x)
            out[mask] = self.norm(x[mask], index, batch_size=len(x))
            return out

    return Normed()


class Dense(torch.nn.Module):
    """A dense layer on a line of nodes: `mask` says which nodes there are."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, mask):
        both = (mask[:, :, None] & mask[:, None, :]).to(x.dtype)
        near = torch.eye(x.shape[1], dtype=x.dtype)[1:]
        near = torch.nn.functional.pad(near, (0, 0, 0, 1))
        return self.layer(x, both * (near + near.T), mask)


def dense_gcn_conv():
    return Dense(nn.DenseGCNConv(8, 6))


def dense_gin_conv():
    return Dense(nn.DenseGINConv(torch.nn.Linear(8, 6)))


def dense_graph_conv():
    return Dense(nn.DenseGraphConv(8, 6))


def dense_sage_conv():
    return Dense(nn.DenseSAGEConv(8, 6))


def dense_gat_conv():
    return Dense(nn.DenseGATConv(8, 6, heads=2))


def dmon_pooling():
    layer = nn.DMoNPooling(8, 3)

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x, mask):
            both = (mask[:, :, None] & mask[:, None, :]).to(x.dtype)
            return self.layer(x, both, mask)[1]

    return Pooled()
