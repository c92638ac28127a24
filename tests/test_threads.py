"""Threads of one run that read the same files at the same moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
READ = """
import json, sys, threading
sys.setswitchinterval(1e-6)
from conformance.cases import model, validate
from conformance.run import resume
case = json.loads(open(sys.argv[1]).read())["cases"][0]
death = b'[{"what": "x", "message": "y"}]'
barrier = threading.Barrier(8)

def read():
    barrier.wait()
    validate._convert(case, model.Case, "x")
    resume._DEATHS.decode(death)

threads = [threading.Thread(target=read) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def test_the_first_to_read_a_case_need_not_be_alone() -> None:
    # One in fifteen interpreters crashed where the first use was in several threads.
    found = [
        subprocess.run(
            [sys.executable, "-P", "-c", READ, str(ROOT / "cases/masked_mean.json")],
            check=False,
            capture_output=True,
            env={"PYTHONPATH": str(ROOT)},
        ).returncode
        for _ in range(20)
    ]
    assert found == [0] * 20
