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
    from conformance.commands.notebook import Checked, check_adapter
    from conformance.commands.notebook import check_adapter as check
    from conformance.errors import ConformanceError
    from conformance.probe.api import (
        LeakError,
        Probed,
        assert_invariant,
        parametrize_probes,
        probe,
    )
    from conformance.specification.declaration import Declaration
    from conformance.suite import CheckFailed, parametrize_checks
    from conformance.trial.adapter import Adapter, LayerWeights, RnnWeights

__all__ = [
    "Adapter",
    "CheckFailed",
    "Checked",
    "ConformanceError",
    "Declaration",
    "LayerWeights",
    "LeakError",
    "NormWeights",
    "Probed",
    "RnnWeights",
    "assert_invariant",
    "check",
    "check_adapter",
    "parametrize_checks",
    "parametrize_probes",
    "probe",
]

_HOMES = {
    "Adapter": "conformance.trial.adapter",
    "CheckFailed": "conformance.suite",
    "Checked": "conformance.commands.notebook",
    "ConformanceError": "conformance.errors",
    "Declaration": "conformance.specification.declaration",
    "LayerWeights": "conformance.trial.adapter",
    "LeakError": "conformance.probe.api",
    "NormWeights": "conformance.trial.adapter",
    "Probed": "conformance.probe.api",
    "RnnWeights": "conformance.trial.adapter",
    "assert_invariant": "conformance.probe.api",
    "check_adapter": "conformance.commands.notebook",
    "parametrize_checks": "conformance.suite",
    "parametrize_probes": "conformance.probe.api",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more."""
    from importlib import import_module

    if name in {"check", "probe"}:
        # The room is called as its function: importing below it puts it here anyway.
        return import_module(f"conformance.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
