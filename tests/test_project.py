"""[tool.mask-conformance] in the user's pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance.errors import UsageError
from conformance.run.project import Project, read_project

ROOT = Path(__file__).parents[1]
MAIN = "from conformance.commands.cli import main; main()"
HEAD = "[tool.mask-conformance]\n"
ADAPTER = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# ///
import numpy as np


def masked_mean(x, mask):
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(keep, x, 0).sum(axis=1)
    return (total / x.shape[1]).astype(x.dtype)
"""
KNOWN = """\
[[known]]
checks = ["masked_mean/*"]
kind = "failed"
reason = "divides by the padded length, as our users expect"
"""


def project(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def give(folder: Path, *arguments: str, module: str = "") -> tuple[int, str, str]:
    """Run the command, or a module, in a folder."""
    start = ("-m", module) if module else ("-P", "-c", MAIN)
    ended = subprocess.run(
        [sys.executable, *start, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_without_a_table_there_are_no_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_project() == Project()
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n", encoding="utf-8")
    assert read_project() == Project()


def test_files_are_named_as_seen_from_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    below = tmp_path / "tests"
    below.mkdir()
    path = project(
        tmp_path,
        'adapter = "tests/masking.py"\nlevel = "core"\nknown = "tests/known.toml"\n'
        'device = "cpu"\n'
        'probes = ["mylib.models:encoder", "tests/models.py:small", "hf:bert"]\n',
    )
    monkeypatch.chdir(below)
    found = read_project()
    assert found == Project(
        adapter=("masking.py",),
        level="core",
        known=Path("known.toml"),
        device="cpu",
        probes=("mylib.models:encoder", "models.py:small", "hf:bert"),
        file=path,
    )
    assert found.choose_known("./masking.py") == Path("known.toml")
    assert found.choose_known("masking.py:torch") == Path("known.toml")
    assert found.choose_known("numpy_reference") is None


def test_a_table_above_the_repository_is_nobody_s_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In /tmp anybody may lay down a file that names an adapter, which is code.
    project(tmp_path, 'adapter = "theirs.py"\n')
    plain, repository = tmp_path / "plain", tmp_path / "repository"
    for folder in (plain, repository / ".git", repository / "below"):
        folder.mkdir(parents=True)
    for folder in (plain, repository, repository / "below"):
        monkeypatch.chdir(folder)
        assert read_project() == Project()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "levle = 'core'",
            "mask-conformance.levle is not a field; did you mean 'level'",
        ),
        ("level = 'all'", "level is 'all', expected one of core, robust, extended"),
        ("level = 1", "level is 1, expected one of core"),
        ("adapter = 3", "adapter is 3, expected a text or a list of texts"),
        ("adapter = []", "adapter is [], expected a text or a list of texts"),
        ("adapter = ['a.py', '']", "expected a text or a list of texts"),
        ("known = ['a']\nadapter = 'a.py'", "known is ['a'], expected a text"),
        ("known = 'a.toml'", "adapter names none; name one"),
        ("known = 'a.toml'\nadapter = ['a.py', 'b.py']", "adapter names a.py, b.py;"),
        ("device = 'toaster'", "device is 'toaster', expected cpu, cuda, cuda:N, gpu"),
        ("probes = [true]", "probes is [True], expected a text or a list of texts"),
    ],
)
def test_a_wrong_field_is_an_error_that_names_file_and_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = project(tmp_path, text + "\n")
    with pytest.raises(UsageError) as caught:
        read_project()
    assert str(caught.value).startswith(f"{path}: tool.mask-conformance.")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text", ["[tool", "tool = 1\n", "[tool]\nmask-conformance = 1"]
)
def test_a_file_that_is_no_table_is_refused_or_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    if text.startswith("tool ="):
        assert read_project() == Project()
        return
    with pytest.raises(UsageError, match=str(path)):
        read_project()


def test_the_commands_take_adapter_level_and_known_file_from_it(tmp_path: Path) -> None:
    (tmp_path / "masking.py").write_text(ADAPTER, encoding="utf-8")
    (tmp_path / "accepted.toml").write_text(
        KNOWN.replace("masked_mean/*", "masked_mean/value:*"), encoding="utf-8"
    )
    project(
        tmp_path, 'adapter = "masking.py"\nlevel = "core"\nknown = "accepted.toml"\n'
    )
    status, out, err = give(tmp_path, "run", "-k", "mean/value:")
    assert (status, "1 known" in out) == (0, True), out + err
    assert "known, 1 check: divides by the padded length" in out
    status, out, err = give(tmp_path, "checks")
    assert status == 0, err
    assert "masked_mean/value:float32:eager" in out
    assert "/wild-padding" not in out
    assert give(tmp_path, "adapters", "--project")[:2] == (0, "masking.py\n")
    assert give(tmp_path, "known")[1].startswith("masked_mean/value:*: divides by")
    assert "masked_mean" in give(tmp_path, "smoke")[1]


def test_pytest_takes_it_too(tmp_path: Path) -> None:
    (tmp_path / "masking.py").write_text(ADAPTER, encoding="utf-8")
    project(tmp_path, 'adapter = "masking.py"\nlevel = "core"\n')
    given = ("-q", "-p", "conformance.pytest_plugin", "--pyargs", "conformance.suite")
    _, out, err = give(
        tmp_path, *given, "-k", "value and eager and not values", module="pytest"
    )
    assert " failed, " in out, out + err
    assert "at masking.py:9" in out
    (tmp_path / "test_own.py").write_text(
        "import conformance\n\n\n"
        "@conformance.parametrize_checks()\n"
        "def test_masking(check):\n    check()\n",
        encoding="utf-8",
    )
    _, out, err = give(tmp_path, "-q", "--collect-only", "test_own.py", module="pytest")
    assert "masked_mean/value:float32:eager" in out, out + err
    assert "wild" not in out


def test_a_command_says_what_to_write_where_no_adapter_is_named(tmp_path: Path) -> None:
    status, _, err = give(tmp_path, "smoke")
    assert status == 2
    assert 'write adapter = "masking.py" into [tool.mask-conformance]' in err
    status, _, err = give(tmp_path, "probe")
    assert status == 2
    assert 'write probes = ["mylib.models:encoder"]' in err


def test_the_decorator_says_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no adapter is named"):
        exec(  # noqa: S102 - a caller in a folder without a table
            compile(
                "import conformance\nconformance.parametrize_checks()",
                str(tmp_path / "test_mine.py"),
                "exec",
            )
        )
    assert callable(conformance.parametrize_checks("numpy_ma", level="core"))
