"""An implementation made wrong on purpose, and the adapter that puts it to the test."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from conformance import loading
from conformance.adapter import Adapter, Declaration
from conformance.mutation.arrays import namespace

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["forward", "gradient", "route", "layer"]
"""What is wrong: the answer, its derivative alone, the compiled answer alone, or what
a layer does beside answering, such as how it is trained."""

_EMPTY = {
    "masked_mean": "zero",
    "masked_max": "negative-infinity",
    "masked_softmax": "zero",
    "masked_min": "infinity",
    "last_valid": "zero",
    "masked_logsumexp": "negative-infinity",
    "masked_log_softmax": "negative-infinity",
    "masked_variance": "zero",
    "masked_loss.*.mean": "zero",
    "masked_loss.*.sequence_mean": "zero",
    "attention.*": "zero",
    "crf_log_likelihood": "zero",
    "crf_decode": "no-tag",
}
_ROUTES = {
    "numpy": ("eager",),
    "torch": ("eager", "compiled", "jvp"),
    "jax": ("eager", "compiled", "jvp"),
}
_PADDING = {
    "reverse_sequence": "zero",
    "masked_log_softmax": "negative-infinity",
    "attention.*": "zero",
    "crf_decode": "no-tag",
    "nested.*": "zero",
    "masked_batch_norm": "zero",
    "layer_norm": "zero",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """An operation's formula with one fault.

    Attributes:
        name: Its slug inside the operation.
        operation: The operation.
        text: What is wrong, as one line that ends a sentence.
        clause: The law or clause that it should break first, inside the operation.
        function: ``(xp, x, mask)``, ``(xp, predictions, targets, mask, *, kind,
            reduction)`` or, of what builds a layer, ``(xp, forward, backward, *, cell,
            merge, output)``.
        url: A thread where people met it, if there is one.
        variants: Globs over the variants that show it.
        kind: What is wrong.
        framework: Where it runs: forward faults on NumPy, others where they show.
        dtypes: The dtypes that show it.
    """

    name: str
    operation: str
    text: str
    clause: str
    function: Callable[..., Any]
    url: str = ""
    variants: tuple[str, ...] = ("*",)
    kind: Kind = "forward"
    framework: str = "numpy"
    dtypes: tuple[str, ...] = ("float32",)

    @property
    def id(self) -> str:
        """The mutant among all, such as ``masked_mean.divides-by-time``."""
        return f"{self.operation}.{self.name}"

    def shows(self, variant: str) -> bool:
        """Tell whether a variant shows the fault."""
        return any(fnmatchcase(variant, glob) for glob in self.variants)


@cache
def mutants(operation: str) -> tuple[Mutant, ...]:
    """Return an operation's mutants."""
    found: tuple[Mutant, ...] = loading.mutants(operation).MUTANTS
    return found


def correct(operation: str, framework: str = "numpy") -> Adapter:
    """Return the formula that the operation's mutants change, without a fault."""
    function = loading.mutants(operation).correct
    dtypes = ("float16", "bfloat16", "float32", "float64")
    return _adapter(operation, function, framework, "correct", ("*",), dtypes)


def adapter(mutant: Mutant, framework: str = "") -> Adapter:
    """Return a mutant as an adapter.

    Args:
        mutant: The mutant.
        framework: Where to run it; where it shows by default.
    """
    return _adapter(
        mutant.operation,
        mutant.function,
        framework or mutant.framework,
        mutant.name,
        mutant.variants,
        mutant.dtypes,
    )


def _adapter(  # noqa: PLR0917 - a declaration has as many parts
    operation: str,
    formula: Callable[..., Any],
    framework: str,
    name: str,
    variants: tuple[str, ...],
    dtypes: tuple[str, ...],
) -> Adapter:
    function = loading.operations()[operation].function
    hidden = {
        each.name: "the variant does not show this fault"
        for each in loading.operations()[operation].variants
        if not any(fnmatchcase(each.name, glob) for glob in variants)
    }
    declaration = Declaration(
        name=name,
        framework=framework,
        environment=framework,
        file="mutant",
        summary=f"{operation}, {name}",
        functions=(function,),
        dtypes=dtypes,
        routes=_ROUTES[framework],
        placements=("right", "left", "gaps"),
        mask_forms=("bool", "float", "int8", "none"),
        empty=_EMPTY,
        zero_time={"masked_mean": "empty-rows"},
        zero_batch={"*": "empty"},
        subnormals={"*": "kept"},
        padding=_PADDING,
        unsupported=hidden,
    )
    return Adapter(declaration=declaration, functions={function: called(formula)})


def called(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Return a formula over a namespace as an adapter's function."""

    def function(*tensors: Any, **options: Any) -> Any:
        if tensors:
            return _quiet(formula, namespace(tensors[0]), *tensors, **options)
        # Of a layer's parts the first one has a kernel.
        xp = namespace(next(iter(options.values())).kernel)
        layer = formula(xp, **options)
        return layer if xp is not np else _Quiet(layer)

    return function


def _quiet(formula: Callable[..., Any], xp: Any, *tensors: Any, **options: Any) -> Any:
    # torch and JAX trace what they compile: NumPy's context is none of their business.
    if xp is not np:
        return formula(xp, *tensors, **options)
    with np.errstate(all="ignore"):
        return formula(xp, *tensors, **options)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A layer whose overflows are meant."""

    layer: Any

    def __call__(self, x: Any, mask: Any) -> Any:
        with np.errstate(all="ignore"):
            return self.layer(x, mask)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)
