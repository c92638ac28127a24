"""A mutant, or the right formula that it changes, as an adapter under test."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.operations import load_mutants, load_operations
from conformance.operations._common.arrays import namespace
from conformance.specification.declaration import Declaration
from conformance.trial.adapter import Adapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Mutant

_ROUTES = {
    "numpy": ("eager",),
    "torch": ("eager", "compiled", "jvp"),
    "jax": ("eager", "compiled", "jvp"),
}


@cache
def correct(operation: str, framework: str = "numpy") -> Adapter:
    """Return the formula that the operation's mutants change, without a fault."""
    function = load_mutants(operation).correct
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
    asked = load_operations()[operation]
    hidden = {
        each.name: "the variant does not show this fault"
        for each in asked.variants
        if not any(fnmatchcase(each.name, glob) for glob in variants)
    }
    declaration = Declaration(
        name=name,
        framework=framework,
        environment=framework,
        file="mutant",
        summary=f"{operation}, {name}",
        functions=(asked.function,),
        dtypes=dtypes,
        routes=_ROUTES[framework],
        placements=("right", "left", "gaps"),
        mask_forms=("bool", "float", "int8", "none"),
        empty={each.name: each.usual_empty for each in asked.variants},
        zero_time={"*": "empty-rows"} if load_mutants(operation).zero_time else {},
        zero_batch={"*": "empty"},
        subnormals={"*": "kept"},
        padding={each.name: each.usual_padding for each in asked.variants},
        unsupported=hidden,
    )
    return Adapter(
        declaration=declaration, functions={asked.function: wrap_formula(formula)}
    )


def wrap_formula(formula: Callable[..., Any]) -> Callable[..., Any]:
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

    def __call__(self, *tensors: Any) -> Any:
        with np.errstate(all="ignore"):
            return self.layer(*tensors)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)
