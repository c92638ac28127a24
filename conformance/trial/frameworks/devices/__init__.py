"""Where each framework computes, and what it promises there: one module each.

A framework's module in the folder above hands these on; the probe uses them as well.
``place`` is called once, before an adapter or a model is imported.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from conformance.errors import UsageError

_DRIVER = Path("/proc/driver/nvidia/version")


def read_driver() -> str:
    """Return the version of NVIDIA's driver; empty where there is none."""
    try:
        text = _DRIVER.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"\b\d+\.\d+(\.\d+)?\b", text)
    return found.group() if found else ""


def refuse_device(device: str, framework: str, found: str) -> NoReturn:
    """Refuse a device that is not there.

    Args:
        device: What was asked for.
        framework: The framework with its version.
        found: The devices that it has here.

    Raises:
        UsageError: Always.
    """
    msg = (
        f"--device {device}: {framework} has no such device here, only {found}; choose "
        "one of those, or install a build of the framework for it"
    )
    raise UsageError(msg)
