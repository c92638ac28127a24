"""Probe any layer, any model: does padding change it, by how much, and where?

    import conformance

    result = conformance.probe(model)            # shows itself, in a notebook too
    conformance.assert_invariant(model)          # in a test

Nothing here imports a framework before an object of it turns up.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.probe.api import (
        LeakError,
        Probed,
        assert_invariant,
        parametrize_probes,
        probe,
    )

__all__ = ["LeakError", "Probed", "assert_invariant", "parametrize_probes", "probe"]


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more."""
    if name in __all__:
        from conformance.probe import api

        return getattr(api, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


class _Room(ModuleType):
    """This room, which is called as the function of the same name.

    Importing anything below it makes ``conformance.probe`` the module, and users call
    ``conformance.probe(model)``.
    """

    def __call__(self, *model: Any, **said: Any) -> Probed:
        """Probe a model."""
        from conformance.probe.api import probe

        return probe(*model, **said)


sys.modules[__name__].__class__ = _Room
