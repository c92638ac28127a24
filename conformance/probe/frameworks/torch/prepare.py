"""A model made ready for a call, and put back as it was."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.frameworks.base import Mode

_DROPOUTS = (torch.nn.modules.dropout._DropoutNd,)  # noqa: SLF001


@contextmanager
def prepared(model: Any, mode: Mode) -> Iterator[None]:
    """Put a module into a dtype and a mode; afterwards its mode is as before.

    The dtype stays until another is asked for, since every conversion takes a copy of
    the parameters; float32 to float64 and back changes no bit.
    """
    if not isinstance(model, torch.nn.Module):
        yield
        return
    _convert(model, getattr(torch, mode.dtype))
    before = [(each, each.training) for each in model.modules()]
    saved: list[tuple[Any, str, Any]] = []
    buffers: list[tuple[Any, Any]] = []
    model.train(mode.training)
    try:
        if mode.training:
            saved = [*_dropouts(model)]
            for each, name, _ in saved:
                setattr(each, name, 0.0)
            # Running statistics are written in training mode.
            buffers = [(each, each.clone()) for each in model.buffers()]
        # Seeding reaches the model's GPU too; its generator is as it was afterwards.
        with torch.random.fork_rng(devices=_gpus(model)):
            torch.manual_seed(0)
            yield
    finally:
        for each, name, value in saved:
            setattr(each, name, value)
        with torch.no_grad():
            for each, value in buffers:
                each.copy_(value)
        for each, training in before:
            each.training = training


def _gpus(model: Any) -> list[Any]:
    """Return the CUDA devices that a module's parameters and buffers are on."""
    tensors = [*model.parameters(), *model.buffers()]
    return [*{each.device for each in tensors if each.device.type == "cuda"}]


@contextmanager
def allow_backward(model: Any) -> Iterator[None]:
    """Let gradients be asked of recurrent layers that cuDNN computes in evaluation.

    cuDNN keeps what the way back needs in training mode alone, and raises else. With
    dropout off, a recurrent layer gives the same in both modes; no other layer's mode
    is changed.
    """
    layers = [each for each in _recurrent(model) if not each.training]
    before = [(each, each.dropout) for each in layers]
    for each in layers:
        each.training, each.dropout = True, 0.0
    try:
        yield
    finally:
        for each, dropout in before:
            each.training, each.dropout = False, dropout


def _recurrent(model: Any) -> Iterator[Any]:
    """Yield the recurrent layers that are on a CUDA device."""
    if isinstance(model, torch.nn.Module):
        for each in model.modules():
            if isinstance(each, torch.nn.RNNBase) and _gpus(each):
                yield each


def _convert(model: Any, dtype: Any) -> None:
    """Convert floating parameters and buffers, unless they are of the dtype."""
    tensors = [*model.parameters(), *model.buffers()]
    if any(each.is_floating_point() and each.dtype != dtype for each in tensors):
        model.to(dtype)


def _dropouts(model: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield every probability of dropping something: object, attribute, value."""
    for each in model.modules():
        if isinstance(each, _DROPOUTS):
            yield each, "p", each.p
        for name, value in vars(each).items():
            drops = "drop" in name and isinstance(value, float)
            if drops and 0 < value < 1:
                yield each, name, value


@contextmanager
def kept(model: Any) -> Iterator[None]:
    """Have a module as it was afterwards: dtypes, and what `fill_constant` fills."""
    if not isinstance(model, torch.nn.Module):
        yield
        return
    dtypes = [(each, each.dtype) for each in model.parameters()]
    # Converting a module replaces its buffers by others.
    buffers = [
        (module, name, each.dtype)
        for module in model.modules()
        for name, each in module.named_buffers(recurse=False)
    ]
    constants = [(each, each.detach().clone()) for each in _constants(model)]
    try:
        yield
    finally:
        for each, dtype in dtypes:
            each.data = each.data.to(dtype)
        for module, name, dtype in buffers:
            setattr(module, name, getattr(module, name).to(dtype))
        for each, value in constants:
            each.data.copy_(value)


def _constants(model: Any) -> Iterator[Any]:
    """Yield the parameters that are all zero or all one."""
    for each in model.parameters():
        if each.is_floating_point() and each.numel():
            first = float(each.detach().flatten()[0])
            if first in {0.0, 1.0} and bool((each.detach() == first).all()):
                yield each


def fill_constant(model: Any, seed: int = 0) -> int:
    """Give parameters that are all zero or all one random numbers; return how many.

    A model whose last convolution starts as zeros hides what stands before it.
    """
    generator = torch.Generator().manual_seed(seed)
    constants = list(_constants(model))
    with torch.no_grad():
        for each in constants:
            # On the CPU, whose generator gives the same numbers on every machine.
            noise = torch.randn(each.shape, generator=generator, device="cpu") * 0.1
            each.add_(noise.to(each))
    return len(constants)
