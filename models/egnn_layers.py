# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "egnn-pytorch==0.2.8", "numba==0.68.1"]
# [tool.mask-conformance]
# title = "egnn-pytorch"
# environment = "models"
# preload = ["torch", "egnn_pytorch"]
# ///
"""egnn-pytorch: messages between points, with a mask."""

from __future__ import annotations

import torch
from egnn_pytorch import EGNN


class Points(torch.nn.Module):
    """A layer on points that stand where the first three features say."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, mask):
        return self.layer(x, x[..., :3], mask=mask)


def egnn():
    return Points(EGNN(dim=8))


def nearest_neighbors():
    return Points(EGNN(dim=8, num_nearest_neighbors=2))


def mean_coordinates():
    return Points(EGNN(dim=8, m_pool_method="mean", norm_coors=True))
