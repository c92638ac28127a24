"""Stacks made wrong on purpose: each mask left out, and what else goes wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, after_last, kept
from conformance.operations._common.layers import doubled, rows_sorted, squeezed
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.stack.mutants_faults import (
    EVERY,
    LEFT_OUT,
    OTHERS,
    SEQUENCE,
)
from conformance.operations.stack.mutants_layer import Fault, build

if TYPE_CHECKING:
    from collections.abc import Callable

correct = build


def _around(change: Callable[..., Any], xp: Any, **given: Any) -> Callable[..., Any]:
    """A right stack, whose answer is then changed."""
    layer = build(xp, **given)
    return lambda x, mask: change(xp, layer(x, mask), kept(xp, x, mask))


def _cut(xp: Any, found: Any, keep: Any) -> Any:
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


def _swapped(xp: Any, **given: Any) -> Any:
    turned = {
        "first_forward": given.pop("first_backward"),
        "first_backward": given.pop("first_forward"),
    }
    return build(xp, **turned, **given)


def _leaking(xp: Any, **given: Any) -> Callable[..., Any]:
    return _Leaking(build(xp, **given))


class _Leaking:
    """A right stack with a gradient that padding gets too."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.parameters = layer.parameters

    def __call__(self, x: Any, mask: Any) -> Any:
        return self.layer(x, mask) + (x - x.detach()).sum()


_MASKS = tuple(
    (name, text, law, EVERY, url, Fault(mask=name))
    for name, (_, text, law, url) in MASKS.items()
)
_mutant = partial(Mutant, operation="stack")
_gradient = partial(
    _mutant, kind="gradient", framework="torch", dtypes=("float32", "float64")
)
MUTANTS = Mutants("stack", correct)
MUTANTS.extend(
    (
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                variants=variants,
                function=partial(build, fault=fault),
            )
            for name, text, law, variants, url, fault in (*_MASKS, *LEFT_OUT, *OTHERS)
        ),
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                variants=variants,
                function=partial(_around, change),
            )
            for name, text, law, variants, change in (
                (
                    "answers-in-float64",
                    "answers in float64 whatever the input's dtype",
                    "contract",
                    EVERY,
                    doubled,
                ),
                (
                    "squeezes-every-axis",
                    "squeezes every axis of length one, the batch's too",
                    "length-one",
                    EVERY,
                    squeezed,
                ),
                (
                    "rows-stay-sorted",
                    "sorts the rows by length and does not sort the answers back",
                    "value",
                    EVERY,
                    rows_sorted,
                ),
                (
                    "cut-to-the-longest-row",
                    "cuts the output to the longest row",
                    "extra-padding",
                    SEQUENCE,
                    _cut,
                ),
            )
        ),
        _mutant(
            name="directions-swapped",
            text="swaps the directions of the first layer",
            clause="value",
            function=_swapped,
        ),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            clause="gradient",
            variants=("stack.simple.final",),
            function=_leaking,
        ),
        _gradient(
            name="gradient-of-the-other-branch",
            text="selects after a product whose derivative at padding is NaN times zero",
            clause="wild-gradient",
            variants=("stack.simple.final",),
            url="https://github.com/tensorflow/tensorflow/issues/6209",
            function=partial(build, fault=Fault(before="padding")),
        ),
        _gradient(
            name="gradient-stops-between-layers",
            text="lets no gradient through from the second layer to the convolution",
            clause="gradient",
            variants=("stack.simple.sequence",),
            function=partial(build, fault=Fault(between="detach")),
        ),
        _gradient(
            name="gradient-misses-the-kernel",
            text="lets no gradient reach the convolution's kernel",
            clause="gradient",
            variants=("stack.simple.final",),
            function=partial(build, fault=Fault(convolution="frozen-kernel")),
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            variants=("stack.simple.final",),
            url="https://github.com/microsoft/onnxruntime/issues/1400",
            function=partial(build, fault=Fault(mask="baked")),
        ),
    )
)
