"""One position after the other, with what a model of transformers keeps in between."""

from __future__ import annotations

import sys
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch

from conformance.probe.frameworks.torch.tree import flat
from conformance.probe.interface import CACHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.interface import Interface


def step_by_step(
    model: Any, given: Mapping[str, Any], interface: Interface
) -> tuple[str, Any]:
    """Return the name of a model's first output, and its steps joined.

    The mask of a step is that of all positions so far, as in transformers' own loop:
    https://huggingface.co/docs/transformers/cache_explanation
    """
    arguments = signature(model.forward).parameters
    known = next(each for each in CACHES if each in arguments)
    # Nothing that an earlier call leaves behind may matter.
    earlier = model(**given, **{known: None})
    cache = None if hasattr(earlier, known) else _make_cache(model)
    sequence, found = interface.inputs[0], []
    for time in range(given[sequence].shape[1]):
        step = {**given, sequence: given[sequence][:, time : time + 1]}
        if interface.mask:
            step[interface.mask] = given[interface.mask][:, : time + 1]
        if interface.positions:
            step[interface.positions] = given[interface.positions][:, time : time + 1]
        out = model(**step, **{known: cache})
        cache = getattr(out, known, cache)
        found.append(out[0])
    return next(iter(flat(earlier))), torch.cat(found, 1)


def _make_cache(model: Any) -> Any:
    """Return an empty cache for a model that fills one and hands none out."""
    return sys.modules["transformers"].DynamicCache(config=model.config)
