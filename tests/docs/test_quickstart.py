"""Pages for new users as they are printed: each command run, each file written.

Here it runs in this environment. With ``MASK_WHEEL`` it runs in an empty one, into
which that wheel is installed: `nox -s examples` does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("quickstart", "project")
}
PAGE = PAGES["quickstart"]
WHEEL = os.environ.get("MASK_WHEEL", "")
FENCE = re.compile(r'(?ms)^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$')
MAIN = "from conformance.commands.cli import main; main()"
FAILING = {
    "mask-conformance run masking.py --level core": 1,
    "mask-conformance run masking.py": 1,
}
RED = {
    *("mask-conformance run", "mask-conformance run -x", "mask-conformance run --lf"),
    *("mask-conformance run -q", "mask-conformance run -v --durations 5"),
    *(f"mask-conformance gate --format {form}" for form in ("json", "junit", "sarif")),
    'mask-conformance run -k "value and not gradient"',
    "pytest -q --pyargs conformance.suite",
}
"""Commands that fail whenever they are given: on that page nothing is repaired."""
"""Commands that fail when they are given first, as the page says."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of the page."""

    language: str
    title: str
    text: str


def split(page: str) -> list[Block]:
    return [Block(*found.groups()) for found in FENCE.finditer(page)]


BLOCKS = split(PAGE)


class Shell:
    """A user's terminal in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given: list[str] = []
        self.variables = dict(os.environ, PYTHONPATH=str(ROOT))
        self.variables.pop("PYTEST_ADDOPTS", None)
        if WHEEL:
            del self.variables["PYTHONPATH"]
            return
        tools = folder / "tools"
        tools.mkdir()
        # A script with the command's name, which completion asks for.
        command = f"#!{sys.executable} -P\n{MAIN.replace('; ', chr(10))}\n"
        plugin = "-m pytest -p conformance.pytest_plugin"
        for name, text in (
            ("mask-conformance", command),
            ("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n'),
            ("pytest", f'#!/bin/sh\nexec {sys.executable} {plugin} "$@"\n'),
        ):
            script = tools / name
            script.write_text(text)
            script.chmod(0o755)
        self.variables["PATH"] = f"{tools}:{self.variables['PATH']}"

    def run(self, command: str) -> str:
        """Run a command as it is printed and return what it says."""
        first = command not in self.given
        self.given.append(command)
        if not WHEEL and ("-m venv" in command or command.startswith("pip ")):
            return ""
        shown = command.replace("mask-conformance[run]", f"{WHEEL}[run]")
        active = ". .venv/bin/activate && " if (self.folder / ".venv").exists() else ""
        ended = subprocess.run(
            ["bash", "-c", active + shown],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.variables,
        )
        status = FAILING.get(command, 0) if first else 0
        status = 1 if command in RED else status
        assert ended.returncode == status, (command, ended.stdout, ended.stderr)
        return ended.stdout

    def console(self, text: str) -> None:
        """Run a block's commands and hold what they say to what is printed."""
        parts = re.split(r"(?m)^\$ ", text)
        assert parts[0] == ""
        for part in parts[1:]:
            command, _, printed = part.partition("\n")
            said = self.run(command)
            if printed:
                assert re.fullmatch(pattern(printed), said), (command, said)

    def python(self, block: Block) -> None:
        """Write a file, or put its functions in the place of those that are there."""
        path = self.folder / block.title
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for function in re.split(r"\n\n\n", block.text.strip()):
            name = re.match(r"def \w+\(", function)
            if name is None or name.group() not in text:
                text = block.text
                break
            old = re.compile(rf"(?m)^{re.escape(name.group())}.*\n(?:[ ].*\n|\n(?= ))*")
            text, count = old.subn(lambda _: function + "\n", text)  # noqa: B023
            assert count == 1
        path.write_text(text, encoding="utf-8")

    def toml(self, block: Block) -> None:
        """Give every entry that waits for one the reason that is printed."""
        path = self.folder / block.title
        if not path.exists():
            path.write_text(block.text, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        assert 'reason = "to be judged"\n' in text
        told = text.replace('reason = "to be judged"\n', block.text)
        path.write_text(told, encoding="utf-8")


def pattern(printed: str) -> str:
    """Return what is printed as a pattern, ``...`` for whatever stands there."""
    lines = [
        r"(?:.*\n)*"
        if line == "..."
        else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in printed.splitlines()
    ]
    return "".join(lines)


@pytest.mark.parametrize("name", PAGES)
def test_the_way_of_a_new_user_works_as_printed(name: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    for block in split(PAGES[name]):
        if block.language == "console":
            shell.console(block.text)
        elif block.language == "python":
            shell.python(block)
        elif block.language == "toml":
            shell.toml(block)
    if name == "project":
        completion = (tmp_path / "completion.bash").read_text(encoding="utf-8")
        assert "_mask_conformance_completion" in completion
        return
    ran = [c for c in shell.given if c.startswith("mask-conformance run masking.py")]
    assert len(ran) == 4
    assert (tmp_path / "masking.toml").is_file()


def test_the_ci_file_gives_the_commands_that_the_page_gave() -> None:
    yaml = pytest.importorskip("ruamel.yaml", reason="checks YAML where it is parsed")
    (block,) = [each for each in BLOCKS if each.language == "yaml"]
    (job,) = yaml.YAML(typ="safe").load(block.text)["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == [
        'pip install "mask-conformance[run]"',
        "mask-conformance run masking.py",
    ]
    assert all(each.replace("install", "install --quiet") in PAGE for each in commands)
