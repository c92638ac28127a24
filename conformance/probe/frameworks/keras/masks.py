"""Where a mask that Keras hands on from layer to layer ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import tree
from keras.src.backend import get_keras_mask

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN = 3
"""Layers that are named at most."""


class MaskEnds:
    """Notes the layers that are given a mask and hand none on.

    Attributes:
        found: Path, class, and whether the layer keeps the positions, in order.
    """

    def __init__(self) -> None:
        self.found: list[tuple[str, str, bool]] = []

    def layer(
        self, path: str, layer: Any, given: Any, function: Callable[[], Any]
    ) -> Any:
        """Call a layer and look at the masks of what goes in and comes out."""
        inputs = _tensors(given)
        found = function()
        masks = [each for each in map(get_keras_mask, inputs) if each is not None]
        masks += _handed(given)
        outputs = _tensors(found)
        ends = not any(get_keras_mask(each) is not None for each in outputs)
        if masks and ends and outputs:
            length = masks[0].shape[1] if len(masks[0].shape) > 1 else -1
            keeps = any(
                len(each.shape) > 1 and each.shape[1] == length for each in outputs
            )
            if keeps or not _reads(layer):
                self._note(path, type(layer).__name__, keeps=keeps)
        return found

    def _note(self, path: str, kind: str, *, keeps: bool) -> None:
        # Where it ends inside a layer, it ends at that layer only in consequence.
        if not any(other.startswith(f"{path}/") for other, *_ in self.found):
            self.found.append((path, kind, keeps))

    @property
    def text(self) -> str:
        """Where the mask ends, in a sentence; empty where it does not."""
        shown = [
            f"{path} ({kind}){'' if keeps else ', which does not read it'}"
            for path, kind, keeps in self.found[:SHOWN]
        ]
        more = len(self.found) - len(shown)
        text = ", and at ".join(shown) + (f", and at {more} more" if more else "")
        return f"the mask ends at {text}" if text else ""


def _tensors(value: Any) -> list[Any]:
    return [each for each in tree.flatten(value) if keras.ops.is_tensor(each)]


def _handed(given: Any) -> list[Any]:
    """Return masks that are arguments."""
    _, kwargs = given
    return [
        each
        for name, value in kwargs.items()
        if (name == "mask" or name.endswith("_mask")) and value is not None
        for each in _tensors(value)
    ]


def _reads(layer: Any) -> bool:
    """Tell whether a layer's call takes a mask."""
    names: list[str] = list(getattr(layer, "call_signature_parameters", ()))
    return any(name == "mask" or name.endswith("_mask") for name in names)
