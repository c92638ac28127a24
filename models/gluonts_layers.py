# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "gluonts==0.17.0"]
# [tool.mask-conformance]
# title = "gluonts"
# environment = "models"
# preload = ["torch", "gluonts.torch.scaler"]
# settings."*" = { kind = "features", layout = "BT" }
# ///
"""gluonts: scalers and models that are told which values were observed."""

from __future__ import annotations

import torch
from gluonts.torch.scaler import MeanScaler, NOPScaler, StdScaler


class Scaled(torch.nn.Module):
    """A series in units of its own scale."""

    def __init__(self, scaler):
        super().__init__()
        self.scaler = scaler

    def forward(self, x, mask):
        return self.scaler(x, mask.to(x.dtype))[0]


def mean_scaler():
    return Scaled(MeanScaler(dim=1))


def std_scaler():
    return Scaled(StdScaler(dim=1))


def no_scaler():
    return Scaled(NOPScaler(dim=1))
