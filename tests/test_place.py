"""Where a run's record goes, and when the record of some checks is no longer needed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.run.place import forget_part, part_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("selection", "complete", "kept"),
    [("", True, False), ("", False, True), ("--check x", True, True)],
)
def test_only_a_complete_run_of_all_removes_the_record_of_some(
    selection: str, *, complete: bool, kept: bool, tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl"
    log = tmp_path / "mine.partial.log"
    for each in (part_of(path), log):
        each.touch()
    run: Any = SimpleNamespace(
        path=path, complete=complete, header=SimpleNamespace(selection=selection)
    )
    forget_part(run)
    assert (part_of(path).exists(), log.exists()) == (kept, kept)
