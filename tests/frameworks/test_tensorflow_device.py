"""TensorFlow on a second device: a process may divide its CPU into logical ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

ROOT = Path(__file__).parents[2]
TWO = """
import json
import numpy as np
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
logical = tf.config.LogicalDeviceConfiguration
tf.config.set_logical_device_configuration(cpu, [logical(), logical()])
from conformance.adapters.load import load_adapter
from conformance.check.runner import Runner
from conformance.errors import UsageError
from conformance.operations import load_operations
from conformance.specification.device import Placement
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.frameworks import tensorflow as framework
"""


def python(code: str, *arguments: object) -> Any:
    """Return what a program prints as JSON, run where the CPU is two devices."""
    ended = subprocess.run(
        [sys.executable, "-c", TWO + code, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_new_tensors_variables_and_graphs_are_on_the_device() -> None:
    code = """
before = tf.ones(2)
seen = [framework.device(), framework.find_misplaced(before)]
framework.place("cpu:1")
given = framework.tensor(np.ones(2, np.float32))
@tf.function
def traced(x):
    return tf.reduce_sum(x * tf.ones(2))
new = [given, tf.Variable(tf.ones(2)), traced(given), before]
seen += [framework.device(), *map(framework.find_misplaced, new)]
seen += [framework.environment()["device"], framework.promises_bits()]
for text in ("cpu:2", "cuda", "gpu", "mps"):
    try:
        framework.place(text)
    except UsageError as error:
        seen.append("no such device here, only cpu, cpu:1; choose" in str(error))
print(json.dumps(seen))
"""
    want = ["cpu", "", "cpu:1", "", "", "", "cpu", "cpu:1", True, *[True] * 4]
    assert python(code) == want


def test_the_reference_runs_there_and_an_answer_elsewhere_is_red(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(
        """\
# /// script
# dependencies = ["tensorflow"]
# [tool.mask-conformance]
# framework = "tensorflow"
# ///
import tensorflow as tf

def masked_max(x, mask):
    with tf.device("CPU:0"):
        return tf.reduce_max(tf.where(mask[..., None], x, x.dtype.min), 1)
""",
        encoding="utf-8",
    )
    code = """
import sys
globs = ("masked_max/value:*", "birnn.gru.concat.final/value:*")
chosen = Selection(dtypes=("float32",), checks=globs)
seen = []
for name in ("tensorflow_reference", sys.argv[1]):
    placement = Placement(device="cpu:1")
    adapter = load_adapter(name, placement)
    runner = Runner(adapter, {}, placement=placement)
    for check in plan(adapter.declaration, load_operations(), {}, chosen):
        if not check.unsupported and check.route in ("eager", "compiled"):
            found = runner.run(check)
            misplaced = "expected cpu:1 like its input" in found.message
            seen.append([found.outcome, misplaced])
print(json.dumps(seen))
"""
    *right, wrong = python(code, path)
    assert len(right) > 2
    assert {outcome for outcome, _ in right} == {"passed"}
    assert wrong == ["failed", True]
