# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "mambapy==1.2.0"]
# [tool.mask-conformance]
# title = "mambapy"
# environment = "models"
# preload = ["torch", "mambapy.mamba"]
# settings."*" = { causal = true }
# ///
"""mambapy: it takes no mask; no position reads a later one."""

from __future__ import annotations

from mambapy.mamba import Mamba, MambaConfig


def mamba():
    return Mamba(MambaConfig(d_model=16, n_layers=2, d_state=4))
