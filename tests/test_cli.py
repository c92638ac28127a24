"""The command line: statuses, choices and help, in this process."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from conformance.commands.cli import NAMES, main
from conformance.operations import load_operations

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "torch.jsonl"
COMMANDS = NAMES
SELECTING = ("checks", "run")
UNKNOWN = {
    "level": (
        "unknown level 'croe'; did you mean 'core'? choose from: core, extended, robust"
    ),
    "dtype": (
        "unknown dtype 'float31'; did you mean 'float32'? choose from: bfloat16, "
        "float16, float32, float64"
    ),
    "route": (
        "unknown route 'eagre'; did you mean 'eager'? choose from: autocast, "
        "compiled, dynamic, eager, inductor, jvp, training, vmap, xla"
    ),
    "operation": (
        "unknown operation 'masked_men'; did you mean 'masked_mean'? choose from: "
        + ", ".join(sorted(load_operations()))
    ),
}
GIVEN = {
    "level": "croe",
    "dtype": "float31",
    "route": "eagre",
    "operation": "masked_men",
}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.mark.parametrize("command", SELECTING)
@pytest.mark.parametrize(("option", "said"), UNKNOWN.items())
def test_an_unknown_value_is_answered_with_the_choices(
    command: str,
    option: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(command, "numpy_reference", f"--{option}", GIVEN[option])

    assert done.exit_code == 2
    assert done.stderr == f"error: {said}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("--seed", -1), ("--examples", 0), ("--explore", -3), ("--seed", "one")],
)
def test_a_number_out_of_range_is_bad_use(option: str, value: object) -> None:
    done = call("run", "numpy_reference", option, value)
    assert done.exit_code == 2
    assert option in done.stderr


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run", "--frob"], ["diff"]])
def test_an_unknown_command_or_option_is_bad_use(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_for_itself_and_each_option(command: str) -> None:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    assert call(command, "--help").exit_code == 0
    assert found.help
    bare = [
        each.opts
        for each in found.params
        if isinstance(each, click.Option) and not (each.help or each.show_default)
    ]
    assert bare == []


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] in call("--version").stdout


def test_adapters_are_listed_one_a_line() -> None:
    lines = call("adapters").stdout.splitlines()
    names = [line.split()[0].partition(":")[0] for line in lines]
    files = sorted(path.stem for path in (ROOT / "adapters").glob("*.py"))
    assert list(dict.fromkeys(names)) == files


def test_checks_are_listed_one_a_line_with_why_one_is_unsupported() -> None:
    done = call("checks", "numpy_reference", "--operation", "masked_mean")
    lines = done.stdout.splitlines()

    assert "masked_mean/value:float32:eager  masked_mean.value  core" in lines
    gradient = "masked_mean/gradient:float32:eager  masked_mean.gradient  core"
    assert f"{gradient}  unsupported: numpy does not differentiate" in lines


def test_a_clause_is_explained() -> None:
    done = call("explain", "masked_mean.value")
    assert done.stdout.startswith("masked_mean.value (1.1, level core)\n")


def test_no_records_is_bad_input(tmp_path: Path) -> None:
    for command in ("report", "gate"):
        done = call(command, tmp_path)
        assert done.exit_code == 2
        assert done.stderr == (
            f"error: no records in {tmp_path}; run `mask-conformance run` first\n"
        )


def test_a_record_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    done = call("diff", GOLDEN, tmp_path / "nothing.jsonl")
    assert done.exit_code == 2
    assert str(tmp_path / "nothing.jsonl") in done.stderr


def test_a_record_that_is_none_is_bad_input(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text("{}\n", encoding="utf-8")
    for command in ("gate", "report"):
        done = call(command, other)
        assert done.exit_code == 2
        assert str(other) in done.stderr


def test_the_report_of_a_record_is_written_and_named(tmp_path: Path) -> None:
    done = call("report", GOLDEN, "-o", tmp_path)
    written = [Path(line) for line in done.stdout.splitlines()]

    assert done.exit_code == 0
    assert {"index.html", "summary.md"} <= {path.name for path in written}
    assert all(path.is_file() for path in written)


def test_a_record_does_not_differ_from_itself() -> None:
    assert call("diff", GOLDEN, GOLDEN).stdout == "no difference\n"


def test_an_adapter_without_known_differences_says_so() -> None:
    done = call("known", "numpy_reference")
    assert done.exit_code == 0
    assert done.stdout.endswith("numpy_reference.toml: no known differences\n")


def test_known_differences_need_a_record_to_be_written_from(tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    done = call("known", "numpy_reference", "--update", "--results", missing)
    assert done.exit_code == 2
    assert done.stderr == (
        f"error: {missing}: no such record; run `mask-conformance run "
        "numpy_reference` first\n"
    )
