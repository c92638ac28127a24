"""The sweep: what a head says, processes that are forked, and what is written of it."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from conformance.commands.models import summary, times
from conformance.commands.models.library import (
    FOLDER,
    Library,
    read_library,
)
from conformance.commands.models.sweep import (
    SweepSettings,
    list_targets,
    read_reasons,
    sweep,
)
from conformance.errors import AdapterError
from conformance.records import read
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# title = "numpy"
# environment = "numpy"
# seconds = 20
# quick = ["models/layers.py:mean"]
# [tool.mask-conformance.left-out]
# "models/layers.py:skipped" = "for a reason"
# ///
import os
import time

import numpy as np


def _mean(x, mask):
    keep = mask[..., None]
    return (x * keep).sum(1) / keep.sum(1)


def mean():
    return _mean


def leak():
    def total(x, mask):
        return np.asarray(x).sum(1) + 0 * mask.sum(1, keepdims=True)

    return total


def crash():
    os._exit(7)


def hang():
    time.sleep(60)


def spin():
    while True:
        pass


def refuse():
    raise ValueError("no luck")


def skipped():
    os._exit(8)


def drawn():
    weight = np.random.standard_normal()

    def scaled(x, mask):
        return weight * np.asarray(x).sum(1) + 0 * mask.sum(1, keepdims=True)

    return scaled
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "models" / "layers.py"
    file.parent.mkdir()
    file.write_text(HEAD, encoding="utf-8")
    return read_library(file)["layers"]


def run(library: Library, tmp_path: Path, *names: str, resume: bool = False) -> Path:
    only = tuple(f"models/layers.py:{name}" for name in names)
    settings = SweepSettings(output=tmp_path / "out", only=only, resume=resume)
    sweep(library, settings, lambda _: None)
    return tmp_path / "out" / "layers"


def test_functions_without_arguments_are_targets_but_for_those_left_out(
    library: Library, tmp_path: Path
) -> None:
    names = [each.partition(":")[2] for each in library.targets]
    assert names == [
        "mean",
        "leak",
        "crash",
        "hang",
        "spin",
        "refuse",
        "skipped",
        "drawn",
    ]
    listed = list_targets(library, SweepSettings(output=tmp_path))
    assert "models/layers.py:skipped" not in listed
    quick = list_targets(library, SweepSettings(output=tmp_path, quick=True))
    assert quick == ["models/layers.py:mean"]


def test_shards_have_every_target_once(library: Library, tmp_path: Path) -> None:
    parts = [
        name
        for k in (1, 2, 3)
        for name in list_targets(
            library, SweepSettings(output=tmp_path, shard=Shard(k, 3))
        )
    ]
    whole = list_targets(library, SweepSettings(output=tmp_path))
    assert sorted(parts) == sorted(whole)


def test_a_head_that_says_what_is_not_known_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text(HEAD.replace("# seconds", "# second"), encoding="utf-8")
    with pytest.raises(AdapterError, match="second"):
        read_library(file)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_crash_and_a_hang_end_their_own_process_and_leave_a_reason(
    library: Library, tmp_path: Path
) -> None:
    import msgspec

    # Short, and not for those that are probed: a busy machine may need as long.
    soon = msgspec.structs.replace(library, seconds=2.0)
    run(soon, tmp_path, "crash", "hang", "refuse")
    folder = run(library, tmp_path, "mean", "leak")
    reasons = read_reasons(folder)
    assert "exit status 7" in reasons["layers.crash"]
    assert "more than 10 s" in reasons["layers.hang"]
    assert "no luck" in reasons["layers.refuse"]
    lines = {line.target: line for line in summary.summarize(library, folder)}
    assert lines["models/layers.py:mean"].kind in {"clean", "NaN only"}
    assert lines["models/layers.py:leak"].kind == "leaks"
    assert " of " in lines["models/layers.py:leak"].answers["other-numbers"]
    assert lines["models/layers.py:skipped"].reason == "for a reason"


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_what_computes_too_long_is_ended_however_busy_the_machine_is(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import msgspec

    monkeypatch.setattr("conformance.commands.models.sweep.PATIENCE", 120)
    soon = msgspec.structs.replace(library, seconds=1.0)
    reasons = read_reasons(run(soon, tmp_path, "spin"))
    assert "more than 1 s of computing" in reasons["layers.spin"]


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_resuming_leaves_alone_what_has_a_record_or_a_reason(
    library: Library, tmp_path: Path
) -> None:
    folder = run(library, tmp_path, "mean", "crash")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("probe.*.jsonl*")}
    run(library, tmp_path, "mean", "crash", resume=True)
    after = {path: path.stat().st_mtime_ns for path in folder.glob("probe.*.jsonl*")}
    assert {p: t for p, t in after.items() if p in before} == before
    assert read(folder / "probe.layers.mean.jsonl").complete


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_what_is_known_of_other_targets_is_no_complaint(
    library: Library, tmp_path: Path
) -> None:
    library.known.write_text(
        '[[known]]\nchecks = ["probe.*/layers.leak:*"]\nkind = "failed"\n'
        'reason = "By design: it adds everything up."\nurl = "https://example.org"\n',
        encoding="utf-8",
    )
    folder = run(library, tmp_path, "mean", "leak")
    lines = {line.target: line for line in summary.summarize(library, folder)}
    assert lines["models/layers.py:leak"].kind == "by design"
    mean = read(folder / "probe.layers.mean.jsonl")
    assert mean.footer is not None
    assert not mean.footer.stale


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_only_a_whole_sweep_leaves_its_time(library: Library, tmp_path: Path) -> None:
    import msgspec

    assert times.find_time(run(library, tmp_path, "mean")) is None
    short = msgspec.structs.replace(library, targets=["models/layers.py:mean"])
    settings = SweepSettings(output=tmp_path / "whole", workers=1)
    sweep(short, settings, lambda _: None)
    found = times.find_time(tmp_path / "whole" / "layers")
    assert found is not None
    assert (found.library, found.workers) == ("layers", 1)
    assert 0 < found.computed <= found.wall


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_weights_that_are_drawn_are_the_same_in_every_sweep(
    library: Library, tmp_path: Path
) -> None:
    said = []
    for _ in range(2):
        folder = run(library, tmp_path, "drawn")
        found = read(folder / "probe.layers.drawn.jsonl").results
        said.append([each.message for each in found])
    assert any("leak" in each for each in said[0])
    assert said[0] == said[1]


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {str(name).partition(".")[0] for name in found}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_a_file_of_models_has_a_head_and_no_name_that_it_imports(path: Path) -> None:
    libraries = read_library(path)
    assert path.stem not in imported(path)
    for library in libraries.values():
        assert library.dependencies
        assert library.targets
        assert all("==" in each for each in library.dependencies)
        assert set(library.quick) <= set(library.targets) or library.quick
