"""Stacks made wrong on purpose: each mask left out, and what else goes wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import after_last, read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    Leaking,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import Mutants, derivative
from conformance.operations.stack.mutants_faults import (
    DERIVED,
    INPUT_FAULTS,
    LEFT_OUT,
    OTHERS,
    SEQUENCE,
)
from conformance.operations.stack.mutants_layer import Fault, build

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations.stack.mutants_faults import FaultRow


def _change_answer(
    change: Callable[..., Any], xp: Any, **given: Any
) -> Callable[..., Any]:
    """A right stack, whose answer is then changed."""
    layer = build(xp, **given)
    return lambda x, mask: change(xp, layer(x, mask), read_mask(xp, x, mask))


MUTANTS = Mutants("stack", build)


def _add(rows: tuple[FaultRow, ...], **how: Any) -> None:
    faults = {name: fault for name, *_, fault in rows}
    MUTANTS.faults(
        lambda name: partial(build, fault=faults[name]),
        (row[:5] for row in rows),
        **how,
    )


_add(tuple((*row, Fault(mask=row[0])) for row in MASK_ROWS))
_add((*LEFT_OUT, *OTHERS))
_add(tuple((*row, INPUT_FAULTS[row[0]]) for row in INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("extra-padding", variants=SEQUENCE, around=_change_answer)
def cut_to_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Cuts the output to the longest row."""
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


@MUTANTS.wrong("value")
def directions_swapped(xp: Any, **given: Any) -> Any:
    """Swaps the directions of the first layer."""
    turned = {
        "first_forward": given.pop("first_backward"),
        "first_backward": given.pop("first_forward"),
    }
    return build(xp, **turned, **given)


@MUTANTS.gradient(variants=("stack.simple.final",))
def gradient_leaks_to_padding(xp: Any, **given: Any) -> Callable[..., Any]:
    """Sends a gradient to padding, behind a right value."""
    return Leaking(build(xp, **given))


_add(DERIVED, **derivative())
add_compiled(
    MUTANTS,
    partial(build, fault=Fault(mask="baked")),
    variants=("stack.simple.final",),
    url="https://github.com/microsoft/onnxruntime/issues/1400",
)
