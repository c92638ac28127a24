"""Files held to their formats by one command, as pre-commit calls it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.commands.cli import main

ROOT = Path(__file__).parents[1]
CASE: dict[str, Any] = {
    "slug": "one",
    "title": "One",
    "variant": "masked_mean",
    "clause": "masked_mean.value",
    "level": "core",
    "flags": [],
    "source": "article, part 2: mean",
    "since": "0.1.0",
    "inputs": {"x": [[1, 3, 64]]},
    "mask": [[True, True, False]],
    "want": [2.0],
}


def validate(*paths: Path) -> Result:
    return CliRunner().invoke(main, ["validate", *map(str, paths)])


def written(folder: Path, **changed: Any) -> Path:
    path = folder / "masked_mean.json"
    whole = {"schema": 1, "operation": "masked_mean", "cases": [{**CASE, **changed}]}
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_right_files_are_counted(tmp_path: Path) -> None:
    known = ROOT / "adapters" / "numpy_ma.toml"
    record = ROOT / "tests" / "golden" / "torch.jsonl"
    done = validate(written(tmp_path), known, record)
    assert done.exit_code == 0
    told = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert told[0] == "1 cases"
    assert re.fullmatch(r"\d+ known differences", told[1])
    assert re.fullmatch(r"\d+ results, complete", told[2])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"want": [2.5]}, "want: got [2.5], expected [2.0]; `python -m conformance."),
        ({"inputs": {"x": [[1, 1, 1]]}, "want": [1.0]}, "with its mask dropped"),
        ({"flags": ["no-such"]}, "flags: got 'no-such', expected one of"),
        (
            {"slug": "value"},
            "slug: got 'value', expected a slug that is not a law's name",
        ),
        ({"mask": [[True, True]]}, "inputs.x"),
    ],
)
def test_a_wrong_case_is_named(
    changed: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, **changed)
    done = validate(path)
    assert done.exit_code == 2
    assert done.stdout.startswith(f"error: {path}: case ")
    assert said in done.stdout or "shape" in done.stdout


def test_one_wrong_file_does_not_hide_the_others(tmp_path: Path) -> None:
    wrong = tmp_path / "mine.toml"
    wrong.write_text("[[known]]\n", encoding="utf-8")
    done = validate(wrong, written(tmp_path), tmp_path / "none.toml")
    lines = done.stdout.splitlines()
    assert done.exit_code == 2
    assert lines[0].startswith(f"error: {wrong}, entry 1, field checks: ")
    assert lines[1].endswith(": 1 cases")
    assert lines[2].endswith("none.toml: no such file; give one that exists")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    done = validate(tmp_path / "notes.md")
    assert done.exit_code == 2
    assert "got .md, expected a case file (.json), known differences" in done.stdout
