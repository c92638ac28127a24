# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "bi-lstm-crf==0.2.1"]
# [tool.mask-conformance]
# system = "bi-lstm-crf"
# library = "bi-lstm-crf"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float32"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8"]
# padding = { crf_decode = "no-tag" }
# ///
"""bi-lstm-crf: its CRF layer, START and STOP being two further tags of its own."""

from __future__ import annotations

from typing import TypeAlias

import torch
from bi_lstm_crf.model.crf import CRF, IMPOSSIBLE
from torch import nn
from torch.func import functional_call

Tensor: TypeAlias = torch.Tensor


class _Partition(nn.Module):  # type: ignore[misc, unused-ignore]
    """The layer's own partition, with emissions in the place of its linear layer."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.crf = CRF(tags, tags)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.crf._CRF__forward_algorithm(features, mask.float())  # noqa: SLF001
        return found


def crf_log_likelihood(
    emissions: Tensor,
    tags: Tensor,
    mask: Tensor,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    layer = CRF(len(start), len(start))
    layer.fc = nn.Identity()
    parameters = {"transitions": _square(transitions, start, end)}
    module = _Loss(layer)
    # It is the mean over the batch: one row at a time, to see each row's.
    rows = zip(_widen(emissions).split(1), tags.split(1), mask.split(1), strict=True)
    own = {f"crf.{name}": each for name, each in parameters.items()}
    return torch.stack([-functional_call(module, own, row) for row in rows])


class _Loss(nn.Module):  # type: ignore[misc, unused-ignore]
    """The layer's loss under the name that a module is called by."""

    def __init__(self, crf: CRF) -> None:
        super().__init__()
        self.crf = crf

    def forward(self, features: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.crf.loss(features, tags, mask)
        return found


def crf_decode(
    emissions: Tensor, mask: Tensor, transitions: Tensor, start: Tensor, end: Tensor
) -> Tensor:
    layer = CRF(len(start), len(start))
    layer.fc = nn.Identity()
    layer.transitions = nn.Parameter(_square(transitions, start, end))
    found = torch.full(emissions.shape[:2], -1)
    # Lists come back, a tag for each position that counts.
    for row, path in enumerate(layer(_widen(emissions), mask)[1]):
        tags = torch.tensor([int(tag) for tag in path], dtype=torch.int64)
        found[row, mask[row].bool()] = tags
    return found


def crf_partition(
    emissions: Tensor,
    mask: Tensor,
    transitions: Tensor,
    start: Tensor | None = None,
    end: Tensor | None = None,
    *,
    ends: str,
) -> Tensor:
    del ends
    layer = _Partition(len(transitions))
    none = transitions.new_zeros(len(transitions))
    start, end = (none if each is None else each for each in (start, end))
    parameters = {"crf.transitions": _square(transitions, start, end)}
    return functional_call(layer, parameters, (_widen(emissions), mask))


def _square(transitions: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return transitions to each tag from each, START and STOP behind the others."""
    own = torch.cat([transitions.T, start[:, None]], dim=1)
    own = torch.cat([own, torch.full_like(own[:, :1], IMPOSSIBLE)], dim=1)
    never = torch.full_like(own[:1], IMPOSSIBLE)
    stop = torch.cat([end, end.new_full((2,), IMPOSSIBLE)])[None]
    return torch.cat([own, never, stop], dim=0)


def _widen(emissions: Tensor) -> Tensor:
    """Return emissions with zeros for START and STOP, as a linear layer has some."""
    return nn.functional.pad(emissions, (0, 2))
