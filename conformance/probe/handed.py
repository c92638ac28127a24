"""A mask that goes through ``**kwargs``, which no signature shows.

A model takes whatever it is given there, in silence too, so that a call that works
proves nothing: a mask counts as taken where it changes the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.probe.convention import are_same
from conformance.probe.frameworks.base import Mode
from conformance.probe.interface import MASKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.interface import Interface
    from conformance.probe.subject import ProbedModel

TRIED = (
    *("attention_mask", "mask", "key_padding_mask", "padding_mask", "lengths"),
    *("src_key_padding_mask", "pad_mask", "input_lengths"),
)
"""The names that are tried, the likeliest first."""


def hand_on(subject: ProbedModel) -> tuple[ProbedModel, str]:
    """Return a model with the mask that it takes through ``**kwargs``.

    And what a reader should know of it; the model as it is where it has a mask, or
    takes none.
    """
    interface = subject.interface
    if not subject.facts.keywords or interface.masked:
        return subject, ""
    mode = Mode(dtype=subject.dtype)
    # With zeros at padding, a sum is the same whether a mask is read or not.
    batch = subject.base.filled("noise", 6)
    plain = subject.answer(batch, mode)
    for each in _interfaces(interface):
        trial = subject.with_interface(each)
        try:
            read = not are_same(plain, trial.answer(batch, mode))
        except Exception:  # noqa: BLE001, S112 - what gets it does not take it so
            continue
        if read:
            text = f"{each.mask} is handed on through keyword arguments of any name"
            return trial, text
    text = (
        "it takes keyword arguments of any name, and no "
        f"{' or '.join(TRIED[:2])} among them changes anything. If it takes a mask by "
        "another name, say --mask NAME=keep"
    )
    return subject, text


def _interfaces(interface: Interface) -> Iterator[Interface]:
    for name in TRIED:
        long = name == "attention_mask" or MASKS[name] == "lengths"
        for kind in ("int64", "bool") if long else ("bool", "int64", "float32"):
            yield replace(
                interface,
                mask=name,
                convention=MASKS[name],
                mask_type=kind,
                mask_optional=True,
                guessed=True,
            )
