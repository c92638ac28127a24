# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "chronos-forecasting==2.3.2"]
# [tool.mask-conformance]
# title = "chronos-forecasting"
# environment = "models"
# preload = ["torch", "chronos.chronos_bolt"]
# settings."*" = { kind = "features", layout = "BT" }
# ///
"""chronos-forecasting: a value that is missing is NaN."""

from __future__ import annotations

import torch
from chronos.chronos_bolt import InstanceNorm as BoltNorm
from chronos.chronos_bolt import Patch as BoltPatch


class Normed(torch.nn.Module):
    """A series normed by its values that are there; the others are NaN."""

    def __init__(self):
        super().__init__()
        self.norm = BoltNorm()

    def forward(self, x, mask):
        return torch.nan_to_num(self.norm(x.masked_fill(~mask, torch.nan))[0])


class Patched(torch.nn.Module):
    """A normed series in patches."""

    def __init__(self):
        super().__init__()
        self.norm = BoltNorm()
        self.patch = BoltPatch(patch_size=4, patch_stride=4)

    def forward(self, x, mask):
        normed = self.norm(x.masked_fill(~mask, torch.nan))[0]
        return torch.nan_to_num(self.patch(normed))


def instance_norm():
    return Normed()
