"""JAX on a second device: XLA makes two of the host where it is told to at its start.

So each test runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.records import read

pytest.importorskip("jax")

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
TWO = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
MAIN = "from conformance.commands.cli import main; main()"
HEAD = """\
# /// script
# dependencies = ["jax"]
# [tool.mask-conformance]
# framework = "jax"
# routes = ["compiled", "eager"]
# ///
import jax
import jax.numpy as jnp

"""
BODY = """\
def masked_sum(x, mask):
    one = jax.device_put(jnp.ones(()), jax.devices()[0])
    return jnp.where(mask[..., None], x * one, 0).sum(1)

def masked_max(x, mask):
    found = jnp.where(mask[..., None], x, -jnp.inf).max(1)
    return jax.device_put(found, jax.devices()[0])
"""


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **TWO},
    )


def test_new_arrays_are_on_the_device_and_stay_there() -> None:
    code = """
import json, jax, numpy as np
from conformance.trial.frameworks import jax as framework
seen = [framework.device(), framework.find_misplaced(jax.numpy.ones(2))]
before = framework.tensor(np.ones(2))
framework.place("cpu:1")
given = framework.tensor(np.ones(2))
new = jax.numpy.ones(2)
seen += [framework.device(), *map(framework.find_misplaced, (given, new, before))]
seen.append(framework.environment()["device"])
there = jax.device_put(np.ones(2), jax.devices()[0])
try:
    given + there
except ValueError as error:
    seen.append("incompatible devices" in str(error))
seen.append(framework.promises_bits())
print(json.dumps(seen))
"""
    ended = python(code)
    assert ended.returncode == 0, ended.stderr
    want = ["cpu", "", "cpu:1", "", "", "cpu", "cpu:1", True, True]
    assert json.loads(ended.stdout) == want


def test_a_device_that_is_not_there_is_refused() -> None:
    code = """
import json
from conformance.errors import UsageError
from conformance.trial.frameworks import jax as framework
said = []
for text in ("cpu:2", "cuda", "gpu", "mps"):
    try:
        framework.place(text)
    except UsageError as error:
        said.append(str(error))
print(json.dumps([said, framework.device()]))
"""
    ended = python(code)
    assert ended.returncode == 0, ended.stderr
    said, where = json.loads(ended.stdout)
    assert [text.split()[1] for text in said] == ["cpu:2:", "cuda:", "gpu:", "mps:"]
    assert all("no such device here, only cpu, cpu:1; choose" in text for text in said)
    assert where == "cpu"


def test_a_run_says_its_device_and_does_not_go_on_elsewhere(tmp_path: Path) -> None:
    asked = ("--operation", "masked_sum", "--dtype", "float32", "-o", tmp_path)
    ended = python(MAIN, "run", "jax_reference", *asked, "--device", "cpu:1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    record = tmp_path / "jax_reference.cpu-1.jsonl"
    run = read(record)
    assert run.header.device == "cpu:1"
    assert run.header.environment["device"] == "cpu:1"
    assert {each.outcome for each in run.results} <= {"passed", "unsupported"}
    record.rename(tmp_path / "jax_reference.jsonl")
    again = python(MAIN, "run", "jax_reference", *asked, "--resume")
    assert again.returncode == 2
    assert "device is 'cpu:1', this run has 'cpu'" in again.stderr


def test_an_array_on_the_wrong_device_is_red(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    path = written(HEAD + BODY)
    asked = ("--check", "*/value:float32:eager", "--device", "cpu:1", "-o", tmp_path)
    ended = python(MAIN, "run", path, *asked)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    found = {each.check: each for each in read(tmp_path / "wrong.cpu-1.jsonl").results}
    # What is made elsewhere cannot be computed with.
    mixed = found["masked_sum/value:float32:eager"]
    assert mixed.outcome == "errored"
    assert "incompatible devices" in mixed.message
    # What is handed back from elsewhere breaks the contract.
    moved = found["masked_max/value:float32:eager"]
    assert moved.outcome == "failed"
    assert "on cpu, expected cpu:1 like its input" in moved.message
    assert moved.failure is not None
    assert "--device cpu:1" in moved.failure.command
