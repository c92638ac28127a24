"""What a torch module says of itself without being called."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any, Self

import torch

from conformance.probe.frameworks.base import Argument, Facts, takes_keywords

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = {
    torch.nn.Linear: "in_features",
    torch.nn.Conv1d: "in_channels",
    torch.nn.RNNBase: "input_size",
    torch.nn.RNNCellBase: "input_size",
    torch.nn.MultiheadAttention: "embed_dim",
    torch.nn.BatchNorm1d: "num_features",
    torch.nn.InstanceNorm1d: "num_features",
    torch.nn.GroupNorm: "num_channels",
}
"""Where a layer says how many numbers it wants at a position."""

_CHANNELS_FIRST = (
    torch.nn.Conv1d,
    torch.nn.ConvTranspose1d,
    torch.nn.BatchNorm1d,
    torch.nn.InstanceNorm1d,
    torch.nn.GroupNorm,
)


def facts(model: Any) -> Facts:
    """Return what a module or a function says of itself."""
    if not isinstance(model, torch.nn.Module):
        return Facts(
            arguments=_arguments(model),
            keywords=takes_keywords(model),
            features=(6,),
            layouts=("BTF", "BT", "BFT"),
        )
    modules = list(model.modules())
    sizes = {n for each in model.parameters() for n in each.shape}
    sizes |= {n for each in model.buffers() for n in each.shape}
    config = getattr(model, "config", None)
    return Facts(
        arguments=_arguments(model.forward),
        keywords=takes_keywords(model.forward),
        sizes=frozenset(sizes | _numbers(config)),
        vocabularies=tuple(
            each.num_embeddings
            for each in modules
            if isinstance(each, torch.nn.Embedding)
        ),
        features=tuple(dict.fromkeys(_features(modules))) or (6,),
        layouts=_layouts(modules),
        avoid=tuple(_special(config)),
        causal=_causal(model, config),
        arguments_fixed={
            name: value
            for name, value in (("use_cache", False), ("return_dict", True))
            if name in inspect.signature(model.forward).parameters
        },
    )


def _arguments(function: Any) -> tuple[Argument, ...]:
    """Return a function's arguments; those behind ``*`` and ``**`` have no name."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(
        Argument(name=each.name, required=each.default is inspect.Parameter.empty)
        for each in inspect.signature(function).parameters.values()
        if each.kind not in kinds
    )


def _features(modules: list[Any]) -> Iterator[int]:
    for each in modules:
        for kind, name in _FIRST.items():
            if isinstance(each, kind):
                yield getattr(each, name)
    for each in modules:
        for parameter in each.parameters(recurse=False):
            if parameter.ndim:
                yield parameter.shape[-1]
                yield parameter.shape[0]


def _layouts(modules: list[Any]) -> tuple[str, ...]:
    """Return the layouts to try: what the first layer that knows one wants."""
    first = next((each for each in modules if not list(each.children())), None)
    time_first = any(getattr(each, "batch_first", True) is False for each in modules)
    if isinstance(first, _CHANNELS_FIRST):
        return ("BFT", "BTF") if modules[0] is first else ("BTF", "BFT", "BT")
    return ("TBF", "BTF", "BFT") if time_first else ("BTF", "BFT", "BT")


def _numbers(config: Any) -> set[int]:
    """Return the whole numbers of a configuration: any of them may be a size."""
    found = vars(config).values() if hasattr(config, "__dict__") else ()
    return {each for each in found if isinstance(each, int) and each > 1}


def _causal(model: Any, config: Any) -> bool:
    """Tell whether a transformers model claims that no position sees a later one."""
    library = sys.modules.get("transformers")
    if library is None or config is None:
        return False
    if getattr(config, "is_encoder_decoder", False) or getattr(
        config, "is_decoder", False
    ):
        return bool(getattr(config, "is_decoder", False))
    kind = type(config)
    claims = kind in library.MODEL_FOR_CAUSAL_LM_MAPPING
    both = kind in library.MODEL_FOR_MASKED_LM_MAPPING
    named = getattr(config, "model_type", "") in _BOTH_WAYS
    return claims and not both and not named and isinstance(model, torch.nn.Module)


_BOTH_WAYS = {"xlnet", "xlm", "bert-generation"}
"""Types with a head for language models that see both ways by themselves."""


def _special(config: Any) -> Iterator[int]:
    for name, each in (vars(config) if hasattr(config, "__dict__") else {}).items():
        if name.endswith("token_id") and isinstance(each, int) and each >= 0:
            yield each


class Embedded:
    """Keeps what the first embedding gives, so that a gradient with it can be taken."""

    def __init__(self, model: Any) -> None:
        self.found: dict[str, Any] = {}
        self._model = model
        self._handle: Any = None

    def __enter__(self) -> Self:
        if isinstance(self._model, torch.nn.Module):
            for each in self._model.modules():
                if isinstance(each, torch.nn.Embedding):
                    self._handle = each.register_forward_hook(self._keep)
                    break
        return self

    def _keep(self, module: Any, args: Any, output: Any) -> None:
        del module, args
        if output.requires_grad and "embedding" not in self.found:
            self.found["embedding"] = output

    def __exit__(self, *error: object) -> None:
        if self._handle is not None:
            self._handle.remove()
