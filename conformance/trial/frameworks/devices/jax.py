"""JAX's devices: inputs are committed to one, so that another's is an error."""

from __future__ import annotations

import os
from typing import Any

import jax

from conformance.specification.device import kind_of, name_device
from conformance.trial.frameworks.devices import read_driver, refuse_device

DETERMINISTIC = "--xla_gpu_deterministic_ops=true"
"""XLA's flag for kernels that give the same bits at each call; read at the start."""

PLACED: list[Any] = []
"""The device that was asked for; empty where none was."""


def place(device: str = "", *, deterministic: bool = False) -> None:
    """Put new arrays on a device.

    Args:
        device: ``cpu``, ``cpu:N``, ``cuda``, ``cuda:N``, ``gpu`` or ``mps``; empty
            changes none.
        deterministic: Whether to ask XLA for the same bits at each call.

    Raises:
        UsageError: There is no such device.
    """
    if deterministic and DETERMINISTIC not in os.environ.get("XLA_FLAGS", ""):
        flags = f"{os.environ.get('XLA_FLAGS', '')} {DETERMINISTIC}"
        os.environ["XLA_FLAGS"] = flags.strip()
    if not device:
        return
    PLACED[:] = [_find(device)]
    jax.config.update("jax_default_device", PLACED[0])
    jax.config.update("jax_default_matmul_precision", "highest")  # no TF32


def current() -> Any:
    """Return the device on which new arrays are."""
    return PLACED[0] if PLACED else jax.config.jax_default_device or jax.devices()[0]


def device() -> str:
    """Return the name of the device on which new arrays are."""
    return name_of(current())


def name_of(found: Any) -> str:
    """Return a device's name."""
    return name_device(_kind(found), found.local_hardware_id or 0)


def is_placed() -> bool:
    """Tell whether a device was asked for."""
    return bool(PLACED)


def promises_bits() -> bool:
    """Tell whether equal calls give equal bits: on a CPU, or where XLA is asked to."""
    asked = DETERMINISTIC in os.environ.get("XLA_FLAGS", "")
    return bool(current().platform == "cpu" or asked)


def is_lost() -> bool:
    """Tell whether a GPU answers no more, as after a failed assertion."""
    if current().platform == "cpu":
        return False
    try:
        jax.device_put(0, current()).block_until_ready()
    except RuntimeError:
        return True
    return False


def describe() -> dict[str, str]:
    """Return the device, its driver and libraries, and the modes that change bits."""
    where = current()
    found = {"device": f"{device()} {where.device_kind}".removesuffix(" cpu")}
    if where.platform != "cpu":
        found["driver"] = read_driver()
        found["library"] = " ".join(where.client.platform_version.split())
    precision = jax.config.jax_default_matmul_precision
    found["tf32"] = f"matmul precision {precision}"
    found["deterministic"] = str(promises_bits()).lower()
    found["flags"] = os.environ.get("XLA_FLAGS", "")
    return found


def _kind(found: Any) -> str:
    """Return a device's kind: JAX calls those of two makers gpu."""
    if found.platform != "gpu":
        return str(found.platform).lower()
    version = found.client.platform_version.lower()
    return "rocm" if "rocm" in version else "cuda"


def _find(device: str) -> Any:
    kind, number = kind_of(device), int(device.partition(":")[2] or 0)
    try:
        there = jax.devices(kind)
        return there[number]
    except (RuntimeError, IndexError):
        refuse_device(device, f"jax {jax.__version__}", ", ".join(_list_devices()))


def _list_devices() -> list[str]:
    """Return the names of the devices that there are, the CPU's last."""
    found = [name_of(each) for each in jax.devices()]
    return list(dict.fromkeys([*found, *map(name_of, jax.devices("cpu"))]))
