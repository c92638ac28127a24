"""The settings of a run, spelt once for the command, for pytest and for a child."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from conformance.specification.device import Placement
from conformance.specification.selection import EXAMPLES, Selection
from conformance.specification.shard import Shard


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a run.

    Attributes:
        reference: The adapter, as the command line names it.
        selection: Which checks.
        seed: What generated batches depend on.
        examples: Generated rows for each law.
        explore: Further examples for each law, drawn by Hypothesis.
        record: Where the record is written; nowhere when it is None.
        shard: Which part of the plan.
        resume: Records whose results are taken over instead of run again.
        placement: The device, and whether the framework is to be deterministic.
        drawn: Whether to leave out what a seed does not change: cases, and checks that
            the adapter does not support.
        known: The file of known differences, if it is not the one beside the adapter.
        exitfirst: Whether to stop at the first new failure.
    """

    reference: str
    selection: Selection = Selection()
    seed: int = 0
    examples: int = EXAMPLES
    explore: int = 0
    record: Path | None = None
    shard: Shard = Shard()
    resume: tuple[Path, ...] = ()
    placement: Placement = Placement()
    drawn: bool = False
    known: Path | None = None
    exitfirst: bool = False

    @property
    def usual(self) -> bool:
        """Whether known differences can be judged stale: default seed and count."""
        return (self.seed, self.examples, self.explore) == (0, EXAMPLES, 0)

    def encode(self) -> str:
        """Return the settings as JSON, as a child process is handed them."""
        return msgspec.json.encode(self, enc_hook=str).decode()


def decode_settings(text: str) -> Settings:
    """Return the settings that :meth:`Settings.encode` wrote.

    Raises:
        msgspec.ValidationError: A field is unknown, or of another type.
    """
    return msgspec.json.decode(text, type=Settings, dec_hook=_decode_path)


def _decode_path(kind: type[Any], text: str) -> Any:
    if kind is not Path:
        msg = f"no settings are of type {kind}"
        raise NotImplementedError(msg)
    return Path(text)
