"""torch's devices: the default device, and deterministic algorithms."""

from __future__ import annotations

import os
from typing import Any

import torch

from conformance.specification.device import kind_of, name_device
from conformance.trial.frameworks.devices import read_driver, refuse_device

PLACED: list[Any] = []
"""The device that was asked for; empty where none was."""


def place(device: str = "", *, deterministic: bool = False) -> None:
    """Put new tensors on a device.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:N``, ``gpu`` or ``mps``; empty changes none.
        deterministic: Whether to refuse algorithms whose bits change from call to call.

    Raises:
        UsageError: There is no such device.
    """
    if deterministic:
        # cuBLAS reads it when it is first used, and torch insists on it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    if not device:
        return
    wanted = _find(device)
    # TF32 would hide a leak among rounding of 1e-3.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    # Keras reads it when it is imported: its layers have a device of their own.
    os.environ["KERAS_TORCH_DEVICE"] = str(wanted)
    PLACED[:] = [wanted]
    if wanted != torch.get_default_device():
        torch.set_default_device(wanted)


def current() -> Any:
    """Return the device on which new tensors are."""
    return PLACED[0] if PLACED else torch.get_default_device()


def device() -> str:
    """Return the name of the device on which new tensors are."""
    return name_of(current())


def name_of(found: Any) -> str:
    """Return a device's name."""
    return name_device(found.type, found.index or 0)


def is_placed() -> bool:
    """Tell whether a device was asked for."""
    return bool(PLACED)


def promises_bits() -> bool:
    """Tell whether equal calls give equal bits: on a CPU, or in deterministic mode."""
    determined = torch.are_deterministic_algorithms_enabled()
    return current().type in {"cpu", "meta"} or bool(determined)


def is_lost() -> bool:
    """Tell whether a CUDA device answers no more, as after a failed assertion."""
    if current().type != "cuda":
        return False
    try:
        torch.cuda.synchronize(current())
    except RuntimeError:
        return True
    return False


def describe() -> dict[str, str]:
    """Return the device, its driver and libraries, and the modes that change bits."""
    where = current()
    tf32 = torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32
    found = {"device": device()}
    if where.type == "cuda":
        cudnn = torch.backends.cudnn.version()
        found["device"] += f" {torch.cuda.get_device_name(where)}"
        found["driver"] = read_driver()
        found["library"] = (
            f"ROCm {torch.version.hip}"
            if torch.version.hip
            else f"CUDA {torch.version.cuda}, cuDNN {cudnn}"
        )
        found["cuBLAS workspace"] = os.environ.get("CUBLAS_WORKSPACE_CONFIG", "")
    found["tf32"] = "on" if tf32 else "off"
    found["deterministic"] = str(torch.are_deterministic_algorithms_enabled()).lower()
    return {name: text for name, text in found.items() if text}


def _find(device: str) -> Any:
    kind, number = kind_of(device), int(device.partition(":")[2] or 0)
    there = _list_devices()
    if kind == "gpu":
        kind = next((each for each in there if each != "cpu"), kind)
    if kind == "meta":  # no numbers: it shows where tensors are, on any machine
        return torch.device(kind)
    if number >= there.get(kind, 0):
        names = [name_device(each, at) for each, n in there.items() for at in range(n)]
        refuse_device(device, f"torch {torch.__version__}", ", ".join(names))
    return torch.device(kind) if kind in {"cpu", "mps"} else torch.device(kind, number)


def _list_devices() -> dict[str, int]:
    """Return how many devices there are of each kind."""
    found = {"cpu": 1}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.device_count()
    if torch.backends.mps.is_available():
        found["mps"] = 1
    return found
