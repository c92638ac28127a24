"""``torch:LAYER``: a layer of torch.nn with small sizes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from conformance.errors import UnknownNameError
from conformance.probe.frameworks.torch import Torch
from conformance.probe.infer import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES: dict[str, Any] = {
    "d_model": 8,
    "nhead": 2,
    "num_layers": 2,
    "dim_feedforward": 16,
    "embed_dim": 8,
    "num_heads": 2,
    "input_size": 8,
    "hidden_size": 6,
    "in_features": 8,
    "out_features": 6,
    "in1_features": 8,
    "in2_features": 8,
    "in_channels": 8,
    "out_channels": 6,
    "kernel_size": 3,
    "num_features": 8,
    "num_groups": 2,
    "num_channels": 8,
    "normalized_shape": 8,
    "num_embeddings": 23,
    "embedding_dim": 8,
    "batch_first": True,
    "dropout": 0.0,
}
"""What constructors are given, by the argument's name."""


def make(name: str) -> dict[str, Any]:
    """Return a layer and the code that makes it.

    Raises:
        TargetError: It cannot be made from sizes alone.
        UnknownNameError: torch.nn has no such layer.
    """
    kind = getattr(torch.nn, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, torch.nn.Module)):
        what = "layer of torch.nn"
        raise UnknownNameError(what, name, names())
    torch.manual_seed(0)
    code = _call(kind, name)
    try:
        model = _make(kind)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        msg = f"torch:{name}: {code} raised {text}; write a function that makes it"
        raise TargetError(msg) from error
    lines = ("import torch", "torch.manual_seed(0)", f"model = {code}.eval()")
    return {"model": model.eval(), "framework": Torch(), "code": lines}


def outline(maker: Callable[[], Any]) -> Any:
    """Return a module without its numbers, which takes no memory whatever its size."""
    with torch.device("meta"):
        return maker()


def _arguments(kind: Any) -> dict[str, Any]:
    found = inspect.signature(kind).parameters.values()
    given = {
        each.name: SIZES[each.name]
        for each in found
        if each.name in SIZES
        and (each.default is inspect.Parameter.empty or each.name == "batch_first")
    }
    if issubclass(kind, torch.nn.RNNBase):  # their signature is *args
        given = {name: SIZES[name] for name in ("input_size", "hidden_size")}
        given["batch_first"] = True
    return given


def _make(kind: Any) -> Any:
    given = _arguments(kind)
    if kind is torch.nn.TransformerEncoder:
        layer = torch.nn.TransformerEncoderLayer
        return kind(encoder_layer=_make(layer), **given)
    if kind is torch.nn.TransformerDecoder:
        layer = torch.nn.TransformerDecoderLayer
        return kind(decoder_layer=_make(layer), **given)
    return kind(**given)


def _call(kind: Any, name: str) -> str:
    given = [f"{key}={value!r}" for key, value in _arguments(kind).items()]
    if kind is torch.nn.TransformerEncoder:
        layer = torch.nn.TransformerEncoderLayer
        given.insert(0, _call(layer, "TransformerEncoderLayer"))
    if kind is torch.nn.TransformerDecoder:
        layer = torch.nn.TransformerDecoderLayer
        given.insert(0, _call(layer, "TransformerDecoderLayer"))
    return f"torch.nn.{name}({', '.join(given)})"


def names() -> list[str]:
    """Return the layers that there are, in order."""
    return [name for name, kind in inspect.getmembers(torch.nn) if _is_layer(kind)]


def _is_layer(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, torch.nn.Module)
