"""Targets that cannot be written and files that are none: a message, no traceback."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from conformance.commands.cli import main
from conformance.errors import ResultError
from conformance.records import merge, read
from conformance.run.resume import read_earlier
from tests.attack.test_verdicts import BAD, GOOD, MAX, MEAN, write

if TYPE_CHECKING:
    from collections.abc import Callable

FULL = Path("/dev/full")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the page that this checkout's own run has made as it is."""
    monkeypatch.chdir(tmp_path)


def invoke(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), (
        done.exception
    )
    return done.exit_code, done.output


def in_a_file(folder: Path) -> Path:
    (folder / "file").write_text("", encoding="utf-8")
    return folder / "file" / "x"


def in_a_loop(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a" / "x"


def with_a_long_name(folder: Path) -> Path:
    return folder / ("x" * 300)


TARGETS = [in_a_file, in_a_loop, with_a_long_name, lambda _folder: Path("/proc/x")]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "command",
    [
        ("report", "{record}", "-o", "{target}"),
        ("report", "{record}", "--table", "{target}"),
        ("diff", "{record}", "{record}", "-o", "{target}"),
        ("diff", "{record}", "{record}", "--format", "html", "-o", "{target}"),
        ("merge", "{record}", "-o", "{target}"),
        ("new-adapter", "{target}", "--framework", "numpy"),
        ("new-adapter", "{target}/x.py", "--framework", "numpy"),
        ("run", "numpy_reference", "--check", MEAN, "-o", "{target}"),
        ("gate", "{target}"),
        ("gate", "{record}", "--against", "{target}"),
        ("validate", "{target}.toml", "{target}.json", "{target}.jsonl"),
        ("smoke", "{target}.py"),
        ("smoke", "{target}"),
        ("run", "{target}"),
        ("run", "{target}:object"),
        ("checks", "{target}"),
        ("explain", "{target}"),
        ("known", "{target}"),
        ("known", "{target}.py", "--update"),
        ("known", "numpy_reference", "--update", "--results", "{target}"),
        ("probe", "{target}.py:net"),
        ("probe", "json:dumps", "-o", "{target}"),
        ("soak", "numpy_reference", "--check", MEAN, "-o", "{target}"),
    ],
)
def test_a_target_that_cannot_be_is_said(
    tmp_path: Path, target: Callable[[Path], Path], command: tuple[str, ...]
) -> None:
    record = write(tmp_path / "mine.jsonl", BAD)
    where = target(tmp_path)
    status, said = invoke(
        *(each.format(record=record, target=where) for each in command)
    )
    assert status in {2, 3}
    assert "error: " in said


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_disk_without_room_is_said(tmp_path: Path) -> None:
    record = write(tmp_path / "mine.jsonl", BAD)
    for form in ("text", "html"):
        status, said = invoke("diff", record, record, "--format", form, "-o", FULL)
        assert status == 3
        assert "/dev/full cannot be written: No space left" in said


@pytest.mark.parametrize("name", ["x.jsonl", "x.toml", "x.json"])
def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    status, said = invoke("validate", tmp_path / name)
    assert status == 2
    assert "pipe" in said


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000 + "]" * 5000, "a = " + "1" * 5000, "a." * 3000 + "b = 1"],
)
def test_toml_that_no_parser_takes_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    status, said = invoke("validate", file)
    assert status == 2
    assert str(file) in said
    head = "\n".join(f"# {line}" for line in text.splitlines())
    path = tmp_path / "x.py"
    path.write_text(f"# /// script\n{head}\n# ///\n", encoding="utf-8")
    status, said = invoke("checks", path)
    assert status == 2
    assert "x.py" in said


def test_a_number_of_four_hundred_digits_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", BAD)
    text = path.read_text(encoding="utf-8")
    digits = "1" * 400
    arrays = f'{{"got":[{digits}],"want":[1.0],"allowed":[0.0]}}'
    more = f'"outcome":"failed","failure":{arrays}'
    path.write_text(text.replace('"outcome":"failed"', more), encoding="utf-8")
    status, said = invoke("report", path, "-o", tmp_path / "out")
    assert status == 2
    assert "field failure.got: has other than numbers" in said


def test_a_name_without_end_is_shown_and_no_file_s(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", GOOD, adapter="x" * 10**5)
    assert invoke("report", path, "-o", tmp_path / "out")[0] == 0


def test_runs_of_other_versions_are_not_put_together(tmp_path: Path) -> None:
    other: dict[str, Any] = {"versions": {"numpy": "1.0"}, "shard": "2/2", "whole": 2}
    one = write(tmp_path / "1.jsonl", {MEAN: "passed"}, shard="1/2", whole=2)
    two = write(tmp_path / "2.jsonl", {MAX: "passed"}, **other)
    with pytest.raises(ResultError, match="versions is"):
        merge([read(one), read(two)])
    with pytest.raises(ResultError, match="is of another run: versions is"):
        read_earlier([two], read(one).header, [])


def test_what_was_not_run_is_asked_again(tmp_path: Path) -> None:
    half: dict[str, Any] = {MEAN: "passed", MAX: "not_run"}
    run = read(write(tmp_path / "mine.jsonl", half, missing=1))
    every: list[Any] = [SimpleNamespace(id=each) for each in half]
    assert [*read_earlier([run.path], run.header, every).results] == [MEAN]
