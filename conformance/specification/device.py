"""Names of devices: what ``--device`` takes, and what a known difference is tied to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from conformance.errors import UsageError

Kind = Literal["cpu", "cuda", "gpu", "mps"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Kinds of device; ``gpu`` is whichever one there is."""

USUAL = ("cpu",)
"""Where a known difference holds that names no device.

It holds on the device it was recorded on, and every entry that names none was recorded
on a CPU: before ``--device`` there was no other.
"""

_NAME = re.compile(rf"({'|'.join(KINDS)})(:\d{{1,3}})?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a run's tensors, layers and weights are.

    Attributes:
        device: Such as ``cuda:1``; empty leaves it to the framework.
        deterministic: Whether the framework is asked for its deterministic mode.
    """

    device: str = ""
    deterministic: bool = False

    @property
    def options(self) -> dict[str, str | bool]:
        """The options that ask for it, none where nothing is asked."""
        asked: dict[str, str | bool] = {
            "device": self.device,
            "deterministic": self.deterministic,
        }
        return {name: value for name, value in asked.items() if value}


UNPLACED = Placement()
"""Leaves everything to the framework."""


def read_device(text: str) -> str:
    """Return a device's name as ``--device`` takes it.

    >>> read_device("cuda:1")
    'cuda:1'

    Raises:
        UsageError: It is no such name.
    """
    if not _NAME.fullmatch(text):
        msg = (
            f"--device is {text!r:.60}, expected cpu, cuda, cuda:N, gpu or mps; "
            "leave it out for the framework's own choice"
        )
        raise UsageError(msg)
    return text


def name_device(kind: str, number: int = 0) -> str:
    """Return a device's name; the first CPU needs no number.

    >>> name_device("cpu"), name_device("cpu", 1), name_device("cuda")
    ('cpu', 'cpu:1', 'cuda:0')
    """
    return kind if kind == "cpu" and not number else f"{kind}:{number}"


def kind_of(device: str) -> str:
    """Return a device's kind; that of a run which did not say is the CPU.

    >>> kind_of("cuda:1"), kind_of("")
    ('cuda', 'cpu')
    """
    return device.partition(":")[0] or "cpu"


def holds_on(devices: tuple[str, ...], device: str) -> bool:
    """Tell whether what holds on some kinds of device holds on a device.

    >>> holds_on(("cuda",), "cuda:1"), holds_on(("gpu",), "mps"), holds_on((), "cpu")
    (True, True, True)
    """
    kind = kind_of(device)
    return kind in (devices or USUAL) or (kind != "cpu" and "gpu" in devices)
