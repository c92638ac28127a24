"""TensorFlow's devices: a device scope that stays open, and determinism of operations.

The scope covers what is traced as well: a graph takes the device of the code around it.
"""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from typing import Any

import tensorflow as tf

from conformance.specification.device import kind_of, name_device
from conformance.trial.frameworks.devices import read_driver, refuse_device

PLACED: list[Any] = []
"""The logical device that was asked for; empty where none was."""

_SCOPE = ExitStack()
_DETERMINED: list[bool] = []


def place(device: str = "", *, deterministic: bool = False) -> None:
    """Put new tensors, variables and operations on a device, in this thread.

    Args:
        device: ``cpu``, ``cpu:N``, ``cuda``, ``cuda:N``, ``gpu`` or ``mps``; empty
            changes none.
        deterministic: Whether operations have to give the same bits at each call.

    Raises:
        UsageError: There is no such device.
    """
    if deterministic and not _DETERMINED:
        tf.config.experimental.enable_op_determinism()
        _DETERMINED.append(True)
    if not device:
        return
    PLACED[:] = [_find(device)]
    _SCOPE.close()
    _SCOPE.enter_context(tf.device(PLACED[0].name))


def current() -> Any:
    """Return the logical device on which new tensors are."""
    first = [*tf.config.list_logical_devices("GPU"), *_cpus()][0]
    return PLACED[0] if PLACED else first


def device() -> str:
    """Return the name of the device on which new tensors are."""
    return name_of(current().name)


def name_of(text: str) -> str:
    """Return the name of what TensorFlow calls ``.../device:GPU:0``."""
    found = re.search(r"device:([A-Za-z_]+):(\d+)$", text)
    kind, number = found.groups() if found else ("cpu", "0")
    kind = kind.lower()
    if kind == "gpu":
        kind = "mps" if sys.platform == "darwin" else "cuda"
        kind = "rocm" if tf.test.is_built_with_rocm() else kind
    return name_device(kind, int(number))


def is_placed() -> bool:
    """Tell whether a device was asked for."""
    return bool(PLACED)


def promises_bits() -> bool:
    """Tell whether equal calls give equal bits: on a CPU, or with determinism on."""
    return current().device_type == "CPU" or bool(_DETERMINED)


def is_lost() -> bool:
    """Tell of no loss: TensorFlow has no call that asks for it."""
    return False


def describe() -> dict[str, str]:
    """Return the device, its driver and libraries, and the modes that change bits."""
    found = {"device": device()}
    if current().device_type == "GPU":
        physical = tf.config.list_physical_devices("GPU")
        details = tf.config.experimental.get_device_details(physical[0])
        built = tf.sysconfig.get_build_info()
        found["device"] += f" {details.get('device_name', '')}".rstrip()
        found["driver"] = read_driver()
        found["library"] = ", ".join(
            f"{name} {built[key]}"
            for name, key in (("CUDA", "cuda_version"), ("cuDNN", "cudnn_version"))
            if key in built
        )
    tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
    found["tf32"] = "on" if tf32 else "off"
    found["deterministic"] = str(bool(_DETERMINED)).lower()
    return found


def _find(device: str) -> Any:
    kind, number = kind_of(device), int(device.partition(":")[2] or 0)
    there = _cpus() if kind == "cpu" else tf.config.list_logical_devices("GPU")
    right = [each for each in there if kind in {"gpu", kind_of(name_of(each.name))}]
    if number >= len(right):
        every = [*tf.config.list_logical_devices("GPU"), *_cpus()]
        names = ", ".join(name_of(each.name) for each in every)
        refuse_device(device, f"tensorflow {tf.__version__}", names)
    return right[number]


def _cpus() -> list[Any]:
    return list(tf.config.list_logical_devices("CPU"))
