"""Does padding change the answer? A conformance suite for padded sequences.

What a library's own tests need is here, resolved when it is asked for:

    import conformance

    @conformance.parametrize_checks("path/to/my_adapter.py", level="core")
    def test_masking(check):
        check()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.adapter import (
        Adapter,
        Declaration,
        LayerWeights,
        RnnWeights,
    )
    from conformance.errors import ConformanceError
    from conformance.suite import CheckFailed, parametrize_checks

__all__ = [
    "Adapter",
    "CheckFailed",
    "ConformanceError",
    "Declaration",
    "LayerWeights",
    "RnnWeights",
    "parametrize_checks",
]

_OF_ADAPTERS = {"Adapter", "Declaration", "LayerWeights", "NormWeights", "RnnWeights"}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more."""
    if name in _OF_ADAPTERS:
        from conformance import adapter

        return getattr(adapter, name)
    if name == "ConformanceError":
        from conformance import errors

        return errors.ConformanceError
    if name in {"CheckFailed", "parametrize_checks"}:
        from conformance import suite

        return getattr(suite, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
