"""Tensors in and out of a call: NumPy's arrays by name."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from conformance.trial.frameworks.devices import torch as devices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.probe.arrangement import Array

SKIP = {
    *("past_key_values", "cache", "cache_params", "state", "mems"),
    *("hidden_states", "attentions"),
    *("cross_attentions", "decoder_hidden_states", "decoder_attentions"),
    *("encoder_hidden_states", "encoder_attentions", "router_logits"),
}
"""Outputs that are no answer: a cache, or what a model shows of its inside."""


def tensors(inputs: Mapping[str, Any], dtype: str, model: Any = None) -> dict[str, Any]:
    """Return arguments as tensors where the model is, floating ones in a dtype."""
    where = device_of(model)
    made: dict[int, Any] = {}
    given: dict[str, Any] = {}
    for name, value in inputs.items():
        if not isinstance(value, np.ndarray):
            given[name] = value
            continue
        if id(value) not in made:
            tensor = torch.from_numpy(np.ascontiguousarray(value))
            if tensor.is_floating_point():
                tensor = tensor.to(getattr(torch, dtype))
            made[id(value)] = tensor.clone().to(where)
        given[name] = made[id(value)]
    return given


def device_of(model: Any) -> Any:
    """Return the device of a module's first parameter; else that of new tensors."""
    first = None
    if isinstance(model, torch.nn.Module):
        first = next((each.device for each in model.parameters()), None)
    return devices.current() if first is None else first


def array(tensor: Any) -> Array:
    """Return a tensor as an array of its own."""
    plain = tensor.detach()
    if plain.is_nested:
        plain = plain.to_padded_tensor(0.0)
    if plain.dtype in {torch.bfloat16, torch.float16}:
        plain = plain.float()
    copied: Array = plain.resolve_conj().resolve_neg().cpu().numpy().copy()
    return copied


def names(value: Any) -> dict[str, Any]:
    """Return the tensors of a model's answer by name; a single one is ``out``."""
    found = dict(_walk(value, ""))
    return {name or "out": tensor for name, tensor in found.items()}


def flat(value: Any) -> dict[str, Array]:
    """Return a model's answer as arrays by name."""
    return {name: array(each) for name, each in names(value).items()}


def _walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, torch.Tensor):
        if not value.is_complex():
            yield name, value
        else:
            yield f"{name}.real".lstrip("."), value.real
            yield f"{name}.imag".lstrip("."), value.imag
        return
    if isinstance(value, float | int) and not isinstance(value, bool):
        yield name, torch.tensor(value)
        return
    for key, each in _children(value):
        if key not in SKIP:
            yield from _walk(each, f"{name}.{key}" if name else key)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container holds; a packed sequence holds its data."""
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        yield "data", value.data
    elif hasattr(value, "items"):
        yield from ((str(key), each) for key, each in value.items())
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, tuple | list):
        yield from ((str(at), each) for at, each in enumerate(value))
    elif is_dataclass(value):
        yield from ((each.name, getattr(value, each.name)) for each in fields(value))
