"""Where a target is probed: its framework's device, chosen before the target is made.

Which framework that is shows only when the target's module has been imported. A file is
executed again afterwards, so that what it makes is made on the device.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.probe.frameworks import made_by_prefix
from conformance.probe.target import load_module

if TYPE_CHECKING:
    from conformance.probe.target import Target

FRAMEWORKS = ("torch", "jax", "tensorflow")
_MAKERS = {"hf": "torch", "torch": "torch", "keras": "keras"}


def place(target: str, device: str) -> None:
    """Have the frameworks of a target put new tensors on a device.

    Args:
        target: Its name.
        device: As ``--device`` takes it.

    Raises:
        UsageError: There is no such device.
        TargetError: The target's module cannot be imported.
    """
    prefix, colon, _ = target.partition(":")
    if colon and made_by_prefix(prefix) is not None:
        room(_MAKERS[prefix]).place(device)
        return
    if os.environ.get("KERAS_BACKEND") == "torch":
        room("torch").place(device)  # Keras asks for it when it is imported
    load_module(prefix)
    refused = []
    there = [name for name in FRAMEWORKS if name in sys.modules]
    for name in there:
        try:
            room(name).place(device)
        except UsageError as error:
            refused.append(error)
    if refused and len(refused) == len(there):
        raise refused[0]


def settle(target: Target, device: str) -> None:
    """Move what the target already holds, and refuse one that stayed elsewhere.

    Raises:
        UsageError: Its framework has no such device.
    """
    own = room(target.framework.name)
    if own is None:
        if device != "cpu":
            msg = f"--device {device}: NumPy computes on the CPU alone; leave it out"
            raise UsageError(msg)
        return
    if not own.is_placed():
        own.place(device)
    move = getattr(target.framework, "move", None)
    if move is not None:
        move(target.model)


def describe(framework: str) -> dict[str, str]:
    """Return a framework's device, driver and modes as text."""
    own = room(framework)
    found: dict[str, str] = own.describe() if own is not None else {"device": "cpu"}
    return found


def name_current(framework: str) -> str:
    """Return the name of the device on which a framework computes."""
    own = room(framework)
    return str(own.device()) if own is not None else "cpu"


def room(framework: str) -> Any:
    """Return the module of a framework's devices; None for NumPy, which has one."""
    if framework == "keras":
        framework = _find_backend()
    if framework == "torch":
        from conformance.trial.frameworks.devices import torch

        return torch
    if framework == "jax":
        from conformance.trial.frameworks.devices import jax

        return jax
    if framework == "tensorflow":
        from conformance.trial.frameworks.devices import tensorflow

        return tensorflow
    return None


def _find_backend() -> str:
    """Return what Keras runs on: asked of itself only where it is imported already."""
    keras = sys.modules.get("keras")
    if keras is not None:
        return str(keras.config.backend())
    return os.environ.get("KERAS_BACKEND", "tensorflow")
