"""The plugin: off unless asked for, and then what `run` is."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
DIVIDES = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)
"""
HEAVY = ("numpy", "hypothesis", "msgspec", "click", "jinja2", "packaging")
SEEN = """
import sys


def test_nothing():
    ours = [name for name in sys.modules if name.startswith("conformance")]
    assert ours == ["conformance", "conformance.pytest_plugin"], ours
    assert not set(sys.modules) & {heavy}
"""
CHOSEN = ("--mask-level", "core", "--mask-operation", "masked_mean")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run pytest where the suite is installed, entry points and all."""
    info = tmp_path / "site" / "mask_conformance-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: mask-conformance\nVersion: 0.1.0\n", "utf-8")
    points = PROJECT["entry-points"]["pytest11"]
    lines = "\n".join(f"{name} = {module}" for name, module in points.items())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{lines}\n", "utf-8")
    folder = tmp_path / "theirs"
    folder.mkdir()

    def start(*options: object) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(info.parent), str(ROOT)])
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
            + [str(each) for each in options],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
        )

    return start


def test_a_project_that_does_not_ask_for_it_loads_one_small_module(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    own = tmp_path / "theirs" / "test_own.py"
    own.write_text(SEEN.format(heavy=set(HEAVY)), encoding="utf-8")
    ended = run(own)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout


def test_an_adapter_is_run_without_naming_the_plugin(
    run: Callable[..., subprocess.CompletedProcess[str]],
    written: Callable[[str], Path],
) -> None:
    path = written(DIVIDES)
    path.with_suffix(".toml").write_text(
        '[[known]]\nchecks = ["masked_mean/full-mask:*"]\nkind = "failed"\n'
        'reason = "not so"\n',
        encoding="utf-8",
    )
    ended = run("--pyargs", "conformance.suite", "--mask-adapter", path, *CHOSEN)
    assert ended.returncode == 1
    assert "masked_mean/value:float32:eager: out[0] = 0.5, expected" in ended.stdout
    assert "clause masked_mean.value: The answer matches the exact one" in ended.stdout
    assert "STALE " in ended.stdout
    assert "masked_mean/full-mask:float32:eager is recorded as failed" in ended.stdout


def test_naming_the_plugin_as_well_loads_it_once(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ended = run(
        *("-p", "conformance.pytest_plugin", "--pyargs", "conformance.suite"),
        *("--mask-adapter", "numpy_reference", *CHOSEN, "-k", "full-mask"),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "no adapter under test; add --mask-adapter NAME"),
        (("--mask-adapter", "nunpy_reference"), "did you mean 'numpy_reference'?"),
        (("--mask-adapter", "numpy_reference", "--mask-level", "croe"), "'core'?"),
        (
            ("--mask-adapter", "numpy_reference", "--mask-check", "nothing*"),
            "no check is selected; nothing would run",
        ),
    ],
)
def test_bad_use_is_told_without_a_traceback(
    options: tuple[str, ...],
    said: str,
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ended = run("--pyargs", "conformance.suite", *options)
    told = ended.stdout + ended.stderr
    assert ended.returncode in {2, 4}
    assert said in told
    assert "Traceback" not in told
    assert "INTERNALERROR" not in told
