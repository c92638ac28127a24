"""Find out what a model takes, by its signature and by calling it.

Nothing is taken for granted: an interface counts when the model answers a call with it,
and what could not be found out is said with the line to type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.probe.arrangement import Arrangement, Content, place
from conformance.probe.candidates import candidates
from conformance.probe.interface import Interface, TargetError
from conformance.probe.sizes import Sizes, choose

if TYPE_CHECKING:
    from conformance.probe.frameworks.base import Facts, Mode, ProbeFramework
    from conformance.probe.settings import ProbeSettings

__all__ = ["InferredCall", "Sizes", "TargetError", "infer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredCall:
    """What a trial found: the interface and the sizes that the model answers."""

    interface: Interface
    sizes: Sizes


def infer(
    framework: ProbeFramework,
    model: Any,
    facts: Facts,
    settings: ProbeSettings,
    mode: Mode,
) -> InferredCall:
    """Return what a model takes.

    Raises:
        TargetError: It answers no call that was tried; says which, and what to type.
    """
    tried: list[tuple[Interface, Exception]] = []
    pending = list(dict.fromkeys(candidates(facts, settings)))
    first = max(3, settings.smallest)
    longer = [each for each in _LONGER if each > first]
    rounds = ((first, 0), *((each, 0) for each in longer), *_LIMITED)
    for smallest, largest in rounds:
        hints = _TOO_LONG if largest else _TOO_SHORT
        if smallest > first or largest:  # the first round tries everything
            pending = _speak_of(tried, hints)
        try:
            sizes = choose(facts, settings, smallest, largest or facts.largest)
        except TargetError:
            continue
        for interface in pending:
            fit = replace(interface, smallest=smallest, largest=largest)
            error = _try(framework, model, fit, settings.seed, sizes, mode)
            if error is None:
                turned = _turn(framework, model, fit, settings, sizes, mode)
                sizes = _part_frames(
                    framework, model, turned, (facts, settings), sizes, mode
                )
                return InferredCall(interface=turned, sizes=sizes)
            tried.append((interface, error))
    raise TargetError(_explain(facts, settings, tried))


def _part_frames(  # noqa: PLR0917 - a call and all that it is made of
    framework: ProbeFramework,
    model: Any,
    interface: Interface,
    known: tuple[Facts, ProbeSettings],
    sizes: Sizes,
    mode: Mode,
) -> Sizes:
    """Return sizes that differ in frames too, where one stands for many positions.

    With sizes that are closer than a stride, all answers have as many frames, and an
    axis of frames cannot be told from one that has nothing to do with positions.
    """
    facts, settings = known
    near = _shapes(framework, model, interface, sizes, sizes.time, mode)
    if all(_is_told(shape, sizes, facts) for shape in near.values()):
        return sizes
    far = 2 * max(sizes.time, sizes.longer) + 1
    most = interface.largest or facts.largest
    if most and far > most:
        return sizes
    try:
        other = _shapes(framework, model, interface, sizes, far, mode)
    except Exception:  # noqa: BLE001 - longer than it takes
        return sizes
    rates = [0.0]
    for name, shape in near.items():
        for one, two in zip(shape, other.get(name, ()), strict=False):
            rates.append((far - sizes.time) / (two - one) if two > one else 0.0)
    if max(rates) <= _CLOSE:
        return sizes
    try:
        spread = choose(
            facts, settings, interface.smallest, most, math.ceil(max(rates))
        )
    except TargetError:
        return sizes
    error = _try(framework, model, interface, settings.seed, spread, mode)
    return sizes if error else spread


def _shapes(  # noqa: PLR0917 - as above
    framework: ProbeFramework,
    model: Any,
    interface: Interface,
    sizes: Sizes,
    time: int,
    mode: Mode,
) -> dict[str, tuple[int, ...]]:
    rows = tuple(range(sizes.rows))
    given = _arguments(Content(interface=interface), place(rows, sizes.lengths, time))
    return {n: each.shape for n, each in framework.call(model, given, mode).items()}


def _is_told(shape: tuple[int, ...], sizes: Sizes, facts: Facts) -> bool:
    """Tell whether an answer has T for an axis, or nothing that could be frames."""
    known = {sizes.rows, *facts.sizes}
    return sizes.time in shape or (len(shape) < 3 and set(shape) <= known)  # noqa: PLR2004 - rows and features


_CLOSE = 2.5
"""Positions of a frame up to which sizes need not be further apart."""

_LONGER = (5, 8, 12, 20, 40, 100, 200, 400, 800)
_LIMITED = ((3, 64), (3, 32), (3, 16))
_TOO_SHORT = ("kernel size", "too short", "at least", "shorter", "not enough", "empty")
_TOO_LONG = ("out of range", "exceed", "maximum", "too long", "at most")


def _speak_of(
    tried: list[tuple[Interface, Exception]], hints: tuple[str, ...]
) -> list[Interface]:
    """Return the interfaces whose last error another length may mend."""
    last = {id(interface): (interface, str(error)) for interface, error in tried}
    return [
        interface
        for interface, text in last.values()
        if any(hint in text.lower() for hint in hints)
    ]


def _try(  # noqa: PLR0917 - a call and all that it is made of
    framework: ProbeFramework,
    model: Any,
    interface: Interface,
    seed: int,
    sizes: Sizes,
    mode: Mode,
) -> Exception | None:
    """Call a model with several sizes; return what it raised."""
    content = Content(interface=interface, seed=seed)
    rows = tuple(range(sizes.rows))
    for time in (sizes.time, sizes.longer):
        given = _arguments(content, place(rows, sizes.lengths, time))
        try:
            outputs = framework.call(model, given, mode)
        except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
            return error
        if not outputs:
            return TypeError("it returns no array")
    try:
        smallest = interface.smallest
        shortest = _arguments(content, place((1,), (smallest,), smallest))
        framework.call(model, shortest, mode)
    except Exception as error:  # noqa: BLE001
        return error
    return None


def _arguments(content: Content, arrangement: Arrangement) -> dict[str, Any]:
    return {**content.build(arrangement), **content.interface.constants}


def _turn(  # noqa: PLR0917 - as above
    framework: ProbeFramework,
    model: Any,
    interface: Interface,
    settings: ProbeSettings,
    sizes: Sizes,
    mode: Mode,
) -> Interface:
    """Return the interface with batch and time exchanged, where that is the truth.

    A recurrent layer that wants time first takes a batch-first array in silence.
    """
    if settings.layout or interface.layout not in {"BTF", "TBF"}:
        return interface
    if "TBF" not in _spoken(framework.inspect(model)):
        return interface
    for layout in ("TBF", "BTF"):
        turned = replace(interface, layout=layout)
        error = _try(framework, model, turned, settings.seed, sizes, mode)
        if error is None and _rows_are_independent(
            framework, model, turned, settings, sizes, mode
        ):
            return turned
    return interface


def _spoken(facts: Facts) -> tuple[str, ...]:
    return facts.layouts


def _rows_are_independent(  # noqa: PLR0917 - as above
    framework: ProbeFramework,
    model: Any,
    interface: Interface,
    settings: ProbeSettings,
    sizes: Sizes,
    mode: Mode,
) -> bool:
    """Tell whether a row of full length is the same beside other rows."""
    import numpy as np

    content = Content(interface=interface, seed=settings.seed)
    full = [sizes.time] * 2
    first = _arguments(content, place((0, 1), full, sizes.time))
    other = _arguments(content, place((0, 2), full, sizes.time))
    axis = interface.layout.index("B")
    one = framework.call(model, first, mode)
    two = framework.call(model, other, mode)
    same = []
    for name, array in one.items():
        if array.ndim > axis and array.shape[axis] == 2:  # noqa: PLR2004 - two rows
            pair = (np.take(array, 0, axis), np.take(two[name], 0, axis))
            same.append(bool(np.allclose(*pair, rtol=1e-3, atol=1e-5)))
    return bool(same) and all(same)


def _explain(
    facts: Facts, settings: ProbeSettings, tried: list[tuple[Interface, Exception]]
) -> str:
    """Say what was tried, what came of it, and what to type."""
    names = ", ".join(each.name for each in facts.arguments) or "nothing by name"
    if not tried:
        return f"the target takes {names}; nothing could be tried, say --input NAME"
    interface, error = tried[0]
    shown = interface.describe(5, 11)
    text = " ".join(str(error).split())[:300]
    hint = "--features N" if interface.kind == "features" else "--vocab N"
    if settings.features or settings.vocabulary:
        hint = "--mask NAME=keep|padding|lengths|additive"
    return (
        f"the target takes {names}; called with {shown} it raised "
        f"{type(error).__name__}: {text}; {len(tried)} ways were tried; say what it "
        f"takes: --input {interface.inputs[0]} {hint}, or probe a function that calls "
        "it"
    )
