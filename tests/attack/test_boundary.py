"""What reaches a run that should not, and what outlives it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest

from conformance.errors import AdapterError
from conformance.records import read
from conformance.run.lock import lock
from conformance.specification.declaration import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MAIN = "from conformance.commands.cli import main; main()"
HEAD = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "{framework}"
# ///
import numpy as np
"""
SUM = """
def masked_sum(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, 0).sum(axis=1).astype(x.dtype)
"""
WRONG = SUM.replace("np.where(wide, x, 0)", "x")
SOME = ("--level", "core", "--operation", "masked_sum")


def write(folder: Path, body: str, framework: str = "numpy") -> Path:
    path = folder / "mine.py"
    path.write_text(HEAD.format(framework=framework) + body, encoding="utf-8")
    return path


def start(*arguments: object, folder: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", MAIN, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
    )


def command(*arguments: object, folder: Path, **variables: str) -> tuple[int, str, str]:
    process = start(*arguments, folder=folder, **variables)
    out, err = process.communicate(timeout=200)
    assert "Traceback" not in out + err
    return process.returncode, out, err


def test_nothing_of_the_working_folder_is_run(tmp_path: Path) -> None:
    loud = "raise SystemExit('taken for ours')\n"
    for name in ("numpy.py", "typing_extensions.py", "pytest.py", "msgspec.py"):
        (tmp_path / name).write_text(loud, encoding="utf-8")
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance" / "__init__.py").write_text(loud, encoding="utf-8")
    (tmp_path / "out").mkdir()
    for folder in (tmp_path, tmp_path / "out"):
        (folder / "conftest.py").write_text(
            "def pytest_collection_modifyitems(items):\n    items.clear()\n"
        )
    (tmp_path / "away.py").write_text(
        "def pytest_collection_modifyitems(items):\n    items.clear()\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nonsense\n")
    write(tmp_path, WRONG)
    status, out, err = command(
        "run", "mine.py", "-o", "out", *SOME, folder=tmp_path, PYTEST_PLUGINS="away"
    )
    assert status == 1, out + err
    assert "taken for ours" not in out + err


def test_what_lies_beside_an_adapter_is_found_by_every_command(tmp_path: Path) -> None:
    (tmp_path / "at").mkdir()
    (tmp_path / "at" / "sib.py").write_text("ZERO = 0\n", encoding="utf-8")
    write(tmp_path / "at", "from sib import ZERO\n" + SUM.replace("x, 0", "x, ZERO"))
    assert command("smoke", "at/mine.py", folder=tmp_path)[0] == 0
    assert command("run", "at/mine.py", *SOME, folder=tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import os\nos._exit(0)\n" + SUM, "exit status 0 while it was imported"),
        (SUM.replace("    wide", "    import os; os._exit(0)\n    wide"), "status 0"),
        (
            SUM.replace("    wide", "    import time; time.sleep(99)\n    wide"),
            "within",
        ),
        (
            SUM.replace("    wide", "    import ctypes; ctypes.string_at(0)\n    wide"),
            "SIGSEGV",
        ),
    ],
)
def test_smoke_says_what_ends_it(tmp_path: Path, body: str, says: str) -> None:
    write(tmp_path, body)
    status, out, err = command("smoke", "mine.py", "--timeout", "5", folder=tmp_path)
    assert status in {1, 3}
    assert says in out + err


def test_smoke_goes_on_behind_what_ended_it(tmp_path: Path) -> None:
    dies = SUM.replace("    wide", "    import os; os._exit(0)\n    wide")
    write(tmp_path, dies + SUM.replace("masked_sum", "masked_mean"))
    status, out, _ = command("smoke", "mine.py", folder=tmp_path)
    assert status == 1
    assert "WRONG masked_sum: the process ended with exit status 0" in out
    assert "masked_mean        1 variant" in out


def test_an_adapter_that_offers_nothing_is_not_ready(tmp_path: Path) -> None:
    text = HEAD.format(framework="numpy").replace(
        "# framework", '# unsupported = { "masked_sum" = "no" }\n# framework'
    )
    (tmp_path / "mine.py").write_text(text + SUM, encoding="utf-8")
    status, out, _ = command("smoke", "mine.py", folder=tmp_path)
    assert status == 1
    assert "WRONG nothing would be run" in out


@pytest.mark.parametrize("order", [("run", *SOME), ("smoke",), ("checks",)])
def test_an_object_is_imported_by_another_process(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    (tmp_path / "lib.py").write_text("import os\nos._exit(0)\n", encoding="utf-8")
    name, *rest = order
    status, _, err = command(name, "lib:adapter", *rest, folder=tmp_path)
    assert status == 3
    assert "lib:adapter: the process ended with exit status 0" in err


def test_a_framework_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, SUM, framework="tensorflow")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "tensorflow.py").write_text("raise ImportError('not here')\n")
    began = monotonic()
    path = f"{tmp_path / 'site'}{os.pathsep}{ROOT}"
    status, _, err = command("run", "mine.py", *SOME, folder=tmp_path, PYTHONPATH=path)
    assert status == 2
    assert "framework 'tensorflow' cannot be imported: not here" in err
    assert monotonic() - began < 30


@pytest.mark.parametrize("name", ["../../x", "a/b", "", ".x", "-x", "a\nb", "x" * 101])
def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(AdapterError, match="rename it"):
        Declaration(name=name, framework="numpy")


def test_two_runs_do_not_write_one_record(tmp_path: Path) -> None:
    write(tmp_path, SUM)
    with lock(tmp_path / "out" / "mine.jsonl"):
        status, _, err = command("run", "mine.py", "-o", "out", *SOME, folder=tmp_path)
    assert status == 2
    assert "another run writes it now" in err
    assert command("run", "mine.py", "-o", "out", *SOME, folder=tmp_path)[0] == 0
    assert list((tmp_path / "out").glob("*.lock")) == []


def test_a_lock_is_free_when_its_run_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "out" / "mine.jsonl"
    path.parent.mkdir()
    path.with_name("mine.jsonl.lock").write_text("", encoding="utf-8")
    with lock(path):
        file = os.open(path.with_name("mine.jsonl.lock"), os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(file)


def alive(folder: Path) -> list[str]:
    """Return the commands of the processes that have a folder in their environment."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if f"ATTACK={folder}".encode() in (each / "environ").read_bytes():
                found.append((each / "cmdline").read_text())
        except OSError:
            continue
    return found


@pytest.fixture
def hears_hangups() -> Iterator[None]:
    """Heed SIGHUP, which whoever runs the tests with nohup ignores."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hears_hangups")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_the_parent_ends_all_that_it_began(
    tmp_path: Path, how: signal.Signals
) -> None:
    body = """
import ctypes, pathlib, subprocess
def masked_sum(x, mask):
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    pathlib.Path("hangs").touch()
    ctypes.PyDLL(None).pause()
"""
    write(tmp_path, body)
    process = start("run", "mine.py", *SOME, folder=tmp_path, ATTACK=str(tmp_path))
    deadline = monotonic() + 60
    while not (tmp_path / "hangs").exists() and monotonic() < deadline:
        sleep(0.1)
    assert len(alive(tmp_path)) == 3
    process.send_signal(how)
    process.communicate(timeout=30)
    deadline = monotonic() + 20
    while alive(tmp_path) and monotonic() < deadline:
        sleep(0.1)
    assert alive(tmp_path) == []


def test_a_process_that_was_left_behind_is_mentioned(tmp_path: Path) -> None:
    body = (
        "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True)"
    )
    write(tmp_path, body + SUM)
    status, _, err = command("run", "mine.py", *SOME, folder=tmp_path)
    assert status == 0
    assert "mine.py: ended 1 process that it had left behind" in err


SUITE = """
import conformance

@conformance.parametrize_checks("mine.py", level="core", operations=["masked_sum"])
def test_masking(check):
    check()
"""
KNOWN = """
[[known]]
checks = ["{checks}"]
kind = "failed"
reason = "so"
{more}
"""


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("checks", "more", "says"),
    [
        ("masked_sum/value:*", "", "is recorded as failed and passed; remove it"),
        ("masked_sum/nothing:*", "", "matches no planned check"),
        ("masked_sum/value:float16:*", "review-by = 2020-01-01", "which is past"),
    ],
)
def test_the_known_file_is_strict_in_pytest_too(
    tmp_path: Path, checks: str, more: str, says: str
) -> None:
    write(tmp_path, SUM)
    (tmp_path / "mine.toml").write_text(KNOWN.format(checks=checks, more=more))
    (tmp_path / "test_mine.py").write_text(SUITE)
    status, said = pytest_in(tmp_path)
    assert status == 1
    assert says in said


def test_an_adapter_is_found_beside_the_test_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    warns = SUM.replace("    wide", "    import warnings; warnings.warn('x')\n    wide")
    write(tmp_path / "tests", warns)
    suite = SUITE.replace(', operations=["masked_sum"]', "")
    (tmp_path / "tests" / "test_mine.py").write_text(suite)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    status, said = pytest_in(tmp_path)
    assert status == 0, said
    # What the adapter offers, not a skip for each check of what it does not.
    assert "25 passed, 3 skipped" in said


def test_a_record_says_no_home_folder(tmp_path: Path) -> None:
    write(tmp_path, SUM.replace("    wide", "    1 / 0\n    wide"))
    path = tmp_path / "mine.py"
    status, _, _ = command("run", path, *SOME, folder=tmp_path, HOME=str(tmp_path))
    assert status == 1
    record = read(tmp_path / "reports" / "results" / "mine.jsonl")
    (trace, *_) = [each.failure.trace for each in record.results if each.failure]
    assert '"~/mine.py"' in trace
    assert str(tmp_path) not in trace
