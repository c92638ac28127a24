"""Names that people try, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from conformance.adapters.load import list_variants, read_declaration
from conformance.commands.cli import main
from conformance.errors import AdapterError
from conformance.records import read
from conformance.records.text import hide_home
from conformance.records.writing import current_file
from conformance.specification.plain import disarm
from tests.attack.test_verdicts import GOOD, MEAN, write

if TYPE_CHECKING:
    from pathlib import Path

VARIANTS = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# [tool.mask-conformance.variants.slow]
# [tool.mask-conformance.variants.fast]
# ///
def masked_sum(x, mask):
    return (x * mask[..., None]).sum(axis=1)
"""


def test_a_file_with_variants_alone_stands_for_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    path.write_text(VARIANTS, encoding="utf-8")
    assert list_variants(str(path)) == [f"{path}:slow", f"{path}:fast"]
    assert list_variants("numpy_ma") == ["numpy_ma"]
    with pytest.raises(AdapterError) as caught:
        read_declaration(f"{path}:fats")
    assert f"did you mean '{path}:fast'" in str(caught.value)
    assert read_declaration(f"{path}:fast").name == "two:fast"


def test_a_file_without_its_ending_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ok.py").write_text("", encoding="utf-8")
    with pytest.raises(AdapterError, match=r"did you mean the file ok\.py\?"):
        read_declaration("ok")


def test_an_operation_is_explained_by_its_clauses() -> None:
    done = CliRunner().invoke(main, ["explain", "masked_mean"])
    assert done.exit_code == 0
    assert "  masked_mean.value  level core" in done.stdout


def test_a_side_file_of_an_earlier_moment_names_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", GOOD)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    current_file(path).write_text(f"{MEAN}\n", encoding="utf-8")
    (problem,) = read(path).problems
    assert "while it ran" not in problem
    current_file(path).write_text("masked_min/value:float32:eager\n", encoding="utf-8")
    (problem,) = read(path).problems
    assert problem.endswith("while it ran masked_min/value:float32:eager")


@pytest.mark.parametrize(
    "options",
    [
        ["--seed", str(2**53 + 1)],
        ["--examples", str(2**53 + 1)],
        ["--timeout", "nan"],
        ["--timeout", "inf"],
        ["--memory", str(2**60)],
    ],
)
def test_what_a_record_could_not_hold_is_refused(options: list[str]) -> None:
    done = CliRunner().invoke(main, ["run", "numpy_reference", *options])
    assert done.exit_code == 2
    assert "Invalid value" in done.stderr


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[1m  ::error::x", "  : :error::x"),
        ("a\n##vso[task.x]b", "a\n# #vso[task.x]b"),
        ("a ###[error]", "a ## #[error]"),
        ("##teamcity[x]", "# #teamcity[x]"),
        ("--- group", "| --- group"),
        ("section_start:1:x\r", "| section_start:1:x"),
        ("out[0] :: ok", "out[0] :: ok"),
    ],
)
def test_no_line_is_a_command(text: str, plain: str) -> None:
    assert disarm(text) == plain


def test_a_home_folder_is_hidden_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert hide_home('File "/home/me/x.py"') == 'File "~/x.py"'
    assert hide_home("/home/melinda/x.py") == "/home/melinda/x.py"
    monkeypatch.setenv("HOME", "/")
    assert hide_home("/x.py") == "/x.py"


def test_a_file_s_name_is_no_terminal_code(tmp_path: Path) -> None:
    name = str(tmp_path / "\x1b[31m::error::x.jsonl")
    done = CliRunner().invoke(main, ["gate", name])
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr
