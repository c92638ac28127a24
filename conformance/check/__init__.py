"""One check: a law or a case put to an adapter, and the proof of what came out.

import conformance

conformance.check("masking.py")  # shows itself, in a notebook too
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance import Checked


class _CheckRoom(ModuleType):
    """This room, which is called as the public function of the same name.

    Importing anything below it makes ``conformance.check`` the module, and users call
    ``conformance.check(adapter)``.
    """

    def __call__(self, *adapter: Any, **asked: Any) -> Checked:
        """Check an adapter; see ``conformance.check_adapter``."""
        from conformance import check_adapter  # the face knows where it is

        return check_adapter(*adapter, **asked)


sys.modules[__name__].__class__ = _CheckRoom
