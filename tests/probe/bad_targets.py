"""Targets that cannot be probed, each in its own way."""

# mypy: disable-error-code="misc, no-any-return"
from __future__ import annotations

import time

import torch
from torch import nn

number = 3


class NeedsThree(nn.Module):
    def forward(self, x: torch.Tensor, graph: object, weights: object) -> torch.Tensor:
        del graph, weights
        return x


class Raises(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        del x, mask
        msg = "there is no such device"
        raise RuntimeError(msg)


class Hangs(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        del mask
        time.sleep(1000)
        return x


class Large(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        del mask
        held = []
        for _ in range(400):
            held.append(torch.ones(25_000_000))
            time.sleep(0.05)
        return x + len(held)


class Random(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator()
        generator.seed()
        return x * mask[..., None] + torch.rand(x.shape, generator=generator)


class NoMask(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).mean(1)


class Exits(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        del x, mask
        raise SystemExit(7)


class NothingComesBack(nn.Module):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> None:
        del x, mask


def broken() -> nn.Module:
    msg = "the factory is broken"
    raise ValueError(msg)


class NeedsSize(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size)


needs_three = NeedsThree()
raises = Raises()
hangs = Hangs()
large = Large()
random = Random()
no_mask = NoMask()
exits = Exits()
nothing = NothingComesBack()
