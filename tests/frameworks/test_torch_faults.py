"""Four faults that only one kind of check can see, each found from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("torch")

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., subprocess.CompletedProcess[str]]

HEAD = """\
# /// script
# dependencies = ["torch"]
# [tool.mask-conformance]
# framework = "torch"
# dtypes = ["float16", "float32"]
# routes = ["eager", "compiled"]
# empty = { masked_mean = "zero" }
# ///
import torch

def total(x, mask):
    valid = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return torch.where(valid, x.float(), 0).sum(dim=1), valid.sum(dim=1).clamp(min=1)

"""
FAULTS = {
    "gradient": """
def masked_mean(x, mask):
    sums, count = total(x, mask)
    leak = (x - x.detach()).float().sum(dim=1)
    return ((sums + leak) / count).to(x.dtype)
""",
    "route": """
def masked_mean(x, mask):
    sums, count = total(x, mask)
    if torch.compiler.is_compiling():
        count = torch.full_like(count, x.shape[1])
    return (sums / count).to(x.dtype)
""",
    "large-values": """
def masked_mean(x, mask):
    sums, count = total(x, mask)
    return (sums.to(x.dtype) / count).to(x.dtype)
""",
    "layout": """
def masked_mean(x, mask):
    if 0 in x.stride():  # as code does that walks through memory
        x = x.as_strided(x.shape, [0] * x.ndim)
    sums, count = total(x, mask)
    return (sums / count).to(x.dtype)
""",
}


def results(record: Path) -> list[dict[str, Any]]:
    lines = record.read_text(encoding="utf-8").splitlines()
    return [each for each in map(json.loads, lines) if each["type"] == "result"]


@pytest.mark.parametrize("clause", FAULTS)
def test_a_fault_is_found_by_its_clause(
    clause: str, tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "faulty.py"
    path.write_text(HEAD + FAULTS[clause], encoding="utf-8")
    robust = ("robust", "--dtype", "float16", "--dtype", "float32", "--route", "eager")
    level = robust if clause == "large-values" else ("core",)
    done = command("run", path, "-o", tmp_path, "--level", *level)
    found = results(tmp_path / "faulty.jsonl")
    wrong = [each for each in found if each["outcome"] in {"failed", "errored"}]
    assert done.returncode == 1, done.stderr
    assert f"masked_mean.{clause}" in {each["clause"] for each in wrong}
    laws = {each["check"].split("/")[1].split(":")[0] for each in wrong}
    if clause in {"gradient", "layout"}:
        # Nothing else shows it.
        assert laws == {clause}
    if clause == "route":
        assert all(each["check"].endswith(":compiled") for each in wrong)
    if clause == "large-values":
        assert all(":float16:" in each["check"] for each in wrong)


def test_without_a_fault_nothing_is_found(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "faultless.py"
    right = "\ndef masked_mean(x, mask):\n    s, n = total(x, mask)\n"
    path.write_text(HEAD + right + "    return (s / n).to(x.dtype)\n", encoding="utf-8")
    done = command("run", path, "-o", tmp_path, "--level", "core")
    found = results(tmp_path / "faultless.jsonl")
    assert done.returncode == 0, done.stderr
    assert {each["outcome"] for each in found} <= {"passed", "unsupported"}
