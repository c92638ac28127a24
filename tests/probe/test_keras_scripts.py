"""A leak of a Keras model is shown by a short script that needs Keras alone."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from conformance.probe.examine import examine
from conformance.probe.reproducer import LINES, script
from conformance.probe.reproducer_batches import SHOWN
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find

pytest.importorskip(os.environ.get("KERAS_BACKEND", "tensorflow"))
pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore")

HERE = Path(__file__).parent
MODEL = """\
import sys
sys.path.insert(0, {here!r})
from wrong_keras import CASES
model = next(each for each in CASES if each.name == {name!r}).make(0, wrong=True)
"""


@pytest.mark.parametrize(
    "name", ["Conv-middle", "Neighbour-middle", "LongestRow-middle", "masking-maximum"]
)
def test_a_script_shows_the_leak_of_each_question(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"keras_script_of_{name.partition('-')[0].lower()}.py"
    path.write_text(MODEL.format(here=str(HERE), name=name), encoding="utf-8")
    settings = ProbeSettings(locate=False, questions=SHOWN)
    report = examine(find(f"{path}:model"), settings)
    assert report.leaks
    for answer in report.leaks:
        code = script(report, answer)
        assert 0 < len(code.splitlines()) <= LINES, answer.question
        alone = tmp_path / f"{answer.question}.py"
        alone.write_text(code, encoding="utf-8")
        runpy.run_path(str(alone))
        assert not float(capsys.readouterr().out.split()[-1]) <= 1e-5, answer.question
