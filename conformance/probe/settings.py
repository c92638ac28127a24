"""What a user says of a target; everything else is found by trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.errors import UsageError
from conformance.probe.interface import CONVENTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable


class ProbeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a target is probed.

    Attributes:
        questions: Names of the questions to ask; empty is all.
        routes: ``eager``, ``compiled``.
        dtype: What the model computes in; empty is what it has.
        inputs: The arguments that take the sequence.
        kind: ``ids`` or ``features``; empty is found out.
        layout: Such as ``BTF``; empty is found out.
        features: Numbers at each position; 0 is found out.
        vocabulary: Ids are below it; 0 is found out.
        masks: Mask arguments and what they say.
        placements: Where padding may stand for sure: ``left``, ``gaps``; with ``right``
            alone, the other questions about sides are not asked.
        causal: Whether the model claims that no position sees a later one.
        rows: Rows of the batch; 0 is chosen.
        time: Positions of the batch; 0 is chosen.
        smallest: Positions that a row must have to mean anything, where a shorter one
            raises no error; 0 is found out.
        seed: Chooses content, padding and cotangents.
        as_is: Leave parameters that are all zero or all one as they are.
        locate: Whether to look for the place of a leak.
        places: Leaks that are looked for; the questions behind them mostly share
            their places.
        device: Where a target that has a name is made and probed; a model that is an
            object already is probed where it is.
    """

    questions: tuple[str, ...] = ()
    routes: tuple[str, ...] = ("eager",)
    dtype: str = ""
    inputs: tuple[str, ...] = ()
    kind: str = ""
    layout: str = ""
    features: int = 0
    vocabulary: int = 0
    masks: dict[str, str] = {}
    placements: tuple[str, ...] = ()
    causal: bool = False
    rows: int = 0
    time: int = 0
    smallest: int = 0
    seed: int = 0
    as_is: bool = False
    locate: bool = True
    device: str = ""
    places: int = 6


def read_masks(texts: Iterable[str]) -> dict[str, str]:
    """Return masks as the command line has them, ``NAME=CONVENTION``.

    >>> read_masks(["mask=padding"])
    {'mask': 'padding'}

    Raises:
        UsageError: One is not of that form.
    """
    found = {}
    for text in texts:
        name, equals, convention = text.partition("=")
        if not equals or not name or convention not in CONVENTIONS:
            msg = (
                f"--mask {text!r} does not say what the mask means; write "
                f"NAME=CONVENTION, where CONVENTION is {', '.join(CONVENTIONS)}"
            )
            raise UsageError(msg)
        found[name] = convention
    return found
