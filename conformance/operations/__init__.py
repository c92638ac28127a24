"""One folder for each operation; a folder put here is an operation.

``__init__`` is the specification and imports no NumPy, so that listing and planning are
quick and work anywhere. ``oracle`` is the exact answer, its error bound and derivative
in float64, ``exact`` the independent second oracle, ``laws`` the operation's own laws,
``mutants`` implementations made wrong on purpose. What they share is in ``_common``.

Oracles, laws and mutants are imported when the first check needs them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.specification import Law, Operation


@cache
def load_operations() -> dict[str, Operation]:
    """Return every operation by name, in the order of the specification."""
    folder = Path(__file__).parent
    names = sorted(path.parent.name for path in folder.glob("[!_]*/__init__.py"))
    found = [
        import_module(f"conformance.operations.{name}").OPERATION for name in names
    ]
    return {each.name: each for each in sorted(found, key=lambda each: each.number)}


def load_oracle(operation: str) -> Any:
    """Return an operation's exact answer, bound and derivative."""
    return import_module(f"conformance.operations.{operation}.oracle")


def load_exact(operation: str) -> Any:
    """Return an operation's second, independent oracle."""
    return import_module(f"conformance.operations.{operation}.exact")


def load_mutants(operation: str) -> Any:
    """Return an operation's wrong implementations."""
    return import_module(f"conformance.operations.{operation}.mutants")


def load_law(law: Law) -> Callable[..., Iterator[Any]]:
    """Return the function that checks a law."""
    module = import_module(law.module)
    return cast(
        "Callable[..., Iterator[Any]]", getattr(module, law.name.replace("-", "_"))
    )
