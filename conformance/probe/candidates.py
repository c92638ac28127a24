"""Ways to call a model, found from its signature, the likeliest first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.probe.interface import (
    FEATURES,
    IDS,
    MASKS,
    POSITIONS,
    SAME,
    Extra,
    Interface,
    TargetError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.frameworks.base import Facts
    from conformance.probe.settings import ProbeSettings

DECODER, DECODER_MASK = "decoder_input_ids", "decoder_attention_mask"

_DECODER = 4
"""Positions that the side of an encoder-decoder is given which is not probed."""


def candidates(facts: Facts, settings: ProbeSettings) -> Iterator[Interface]:
    """Yield interfaces to try, the likeliest first."""
    for masked in _masks(facts, settings):
        for interface in _sequences(facts, settings):
            full = replace(interface, **masked)
            yield full
            if full.positions:
                yield replace(full, positions="")


def _masks(facts: Facts, settings: ProbeSettings) -> Iterator[dict[str, Any]]:
    """Yield ways to hand a mask over."""
    if facts.propagates is not None and not settings.masks:
        yield {"convention": "value", "padding_value": facts.propagates}
        return
    required = {each.name: each.required for each in facts.arguments}
    # Where one is about keys at padding, another called mask is about pairs.
    named = sorted((n for n in MASKS if n in required), key=lambda n: "key" not in n)
    said = dict(settings.masks) or {name: MASKS[name] for name in named}
    if DECODER in settings.inputs and not settings.masks:
        said = {DECODER_MASK: "keep"} if DECODER_MASK in required else {}
    for name, convention in list(said.items())[:1]:
        long = name.endswith("attention_mask")
        types = ("int64", "bool", "float32") if long else ("bool", "int64", "float32")
        for kind in ("float32",) if convention == "additive" else types:
            for shape in ("B11T", "BT") if convention == "additive" else ("BT",):
                yield {
                    "mask": name,
                    "convention": convention,
                    "mask_type": kind,
                    "mask_shape": shape,
                    "mask_optional": not required.get(name, False),
                    "guessed": not settings.masks,
                }
            if convention == "lengths":
                break
    if not said:
        yield {}


def _sequences(facts: Facts, settings: ProbeSettings) -> Iterator[Interface]:
    """Yield ways to hand the sequence over."""
    inputs = _inputs(facts, settings)
    names = {each.name for each in facts.arguments}
    other = "input_ids" if DECODER in inputs else DECODER
    extras = tuple(
        Extra(name=name, length=_DECODER, size=(facts.vocabularies or (2,))[0])
        for name in (other,)
        if name in names
    )
    constants = dict(facts.arguments_fixed)
    common: dict[str, Any] = {
        "inputs": inputs,
        "extras": extras,
        "constants": constants,
        "avoid": facts.avoid,
        "causal": facts.causal or settings.causal,
        "positions": next((each for each in POSITIONS if each in names), ""),
    }
    if settings.kind != "features" and _takes_ids(facts, settings, inputs):
        size = settings.vocabulary or min(facts.vocabularies[:1] or (16,))
        layout = settings.layout or "BT"
        yield Interface(kind="ids", layout=layout, vocabulary=size, **common)
    if settings.kind != "ids":
        widths = (settings.features,) if settings.features else facts.features[:8]
        layouts = (settings.layout,) if settings.layout else facts.layouts
        for width in widths:
            for layout in layouts:
                yield Interface(
                    kind="features",
                    layout=layout,
                    features=(width,) if "F" in layout else (),
                    **common,
                )


def _takes_ids(facts: Facts, settings: ProbeSettings, inputs: tuple[str, ...]) -> bool:
    asked = settings.kind == "ids" or bool(settings.vocabulary)
    named = inputs[0] in IDS and bool(facts.vocabularies)
    return asked or named or "ids" in inputs[0]


def _inputs(facts: Facts, settings: ProbeSettings) -> tuple[str, ...]:
    """Return the arguments that take the sequence.

    Raises:
        TargetError: None is known, or more are needed.
    """
    names = [each.name for each in facts.arguments]
    if settings.inputs:
        unknown = [name for name in settings.inputs if name not in names]
        if unknown and names:
            msg = f"--input {unknown[0]}: the target takes {', '.join(names)} only"
            raise TargetError(msg)
        return settings.inputs
    if set(SAME) <= set(names):
        return SAME
    usable = [name for name in names if name not in {*MASKS, *settings.masks}]
    known = [name for name in (*IDS, *FEATURES) if name in usable]
    chosen = (known or usable or [""])[0]
    if usable and usable[0] in {*IDS, *FEATURES}:
        chosen = usable[0]
    if not chosen:
        msg = "the target takes no argument for a sequence; wrap it in a function f(x)"
        raise TargetError(msg)
    _need_no_more(facts, settings, chosen)
    return (chosen,)


def _need_no_more(facts: Facts, settings: ProbeSettings, chosen: str) -> None:
    given = {chosen, *MASKS, *POSITIONS, *settings.masks, DECODER}
    missing = [e.name for e in facts.arguments if e.required and e.name not in given]
    if missing:
        msg = (
            f"the target also needs {', '.join(missing)}, and what to give is not "
            f"known; write a function f({chosen}, mask) that calls it, and probe that"
        )
        raise TargetError(msg)
