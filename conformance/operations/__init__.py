"""One folder for each operation; a folder put here is an operation.

``__init__`` is the specification and imports no NumPy, so that listing and planning are
quick and work anywhere. ``oracle`` is the exact answer, its error bound and derivative
in float64, ``exact`` the independent second oracle, ``laws`` the operation's own laws,
``mutants`` implementations made wrong on purpose. Where one of them overflows, the rest
of it has its name in front: ``oracle_cells``, ``mutants_layer``. What takes time away
declares all but its laws in ``reduction``. What operations share is in ``_common``.

Oracles, laws and mutants are imported when the first check needs them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.operations._common.mutant import Mutants
    from conformance.operations._common.reduction import Reduction
    from conformance.specification import Law, Operation
    from conformance.trial.oracle import Oracle


@cache
def load_operations() -> dict[str, Operation]:
    """Return every operation by name, in the order of the specification."""
    folder = Path(__file__).parent
    names = sorted(path.parent.name for path in folder.glob("[!_]*/__init__.py"))
    found = [
        import_module(f"conformance.operations.{name}").OPERATION for name in names
    ]
    return {each.name: each for each in sorted(found, key=lambda each: each.number)}


@cache
def load_reduction(operation: str) -> Reduction | None:
    """Return an operation's declaration as a reduction, if it is one."""
    name = f"conformance.operations.{operation}.reduction"
    if not find_spec(name):
        return None
    return cast("Reduction", import_module(name).REDUCTION)


def load_oracle(operation: str) -> Oracle:
    """Return an operation's exact answer, bound and derivative."""
    reduction = load_reduction(operation)
    if reduction:
        return reduction.oracle
    return cast("Oracle", _part(operation, "oracle"))


def load_exact(operation: str) -> Any:
    """Return an operation's second, independent oracle."""
    reduction = load_reduction(operation)
    return reduction.exact if reduction else _part(operation, "exact")


def load_mutants(operation: str) -> Mutants:
    """Return an operation's wrong implementations, and the right one."""
    reduction = load_reduction(operation)
    if reduction:
        return reduction.mutants
    return cast("Mutants", _part(operation, "mutants").MUTANTS)


def _part(operation: str, part: str) -> Any:
    return import_module(f"conformance.operations.{operation}.{part}")


def load_law(law: Law) -> Callable[..., Iterator[Any]]:
    """Return the function that checks a law."""
    module = import_module(law.module)
    return cast(
        "Callable[..., Iterator[Any]]", getattr(module, law.name.replace("-", "_"))
    )
