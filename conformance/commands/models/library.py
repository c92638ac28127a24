"""What a file in `models/` says: what to install, what to probe, and how."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.adapters.head import read_block, read_source
from conformance.errors import AdapterError
from conformance.probe.settings import ProbeSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parents[3] / "models"
_FUNCTION = re.compile(r"(?m)^def ([a-z]\w*)\(\)")


class Library(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"left_out": "left-out"},
):
    """One library, or one way to run it.

    Attributes:
        name: The file's name; with ``:variant`` where it has several.
        file: The file.
        title: The distribution, as the page shows it.
        environment: Files with the same one share what is installed.
        way: How it is run, where that is no variant: the page shows it behind the
            title.
        dependencies: What it runs on, exactly.
        variables: Environment variables that it is run with.
        preload: Modules that are imported once, before processes are forked; none for
            JAX, whose threads a fork leaves hanging.
        targets: Names of targets; ``hf:*`` is every one that there is.
        quick: The targets of the gate.
        questions: The questions to ask; empty is all.
        settings: By target, what cannot be found out: fields of ``ProbeSettings``.
        left_out: By target, why it is not driven.
        seconds: Seconds that a target may compute. By the clock it may take five
            times as many: something else may keep the machine busy.
        memory: Memory limit for a target, in MiB.
    """

    name: str
    file: str
    title: str
    environment: str
    way: str = ""
    dependencies: list[str]
    variables: dict[str, str] = {}
    preload: list[str] = []
    targets: list[str] = []
    quick: list[str] = []
    questions: list[str] = []
    settings: dict[str, dict[str, Any]] = {}
    left_out: dict[str, str] = {}
    seconds: float = 120.0
    memory: int = 4096

    def choose_settings(self, target: str) -> ProbeSettings:
        """Return what a target is probed with."""
        # Looking for a place takes as long as all questions: two show it.
        said: dict[str, Any] = {"questions": self.questions, "places": 2}
        said |= self.settings.get("*", {}) | self.settings.get(target, {})
        return msgspec.convert(said, ProbeSettings)

    @property
    def known(self) -> Path:
        """The file of what is known of its targets."""
        return Path(self.file).with_suffix(".toml")


class Undriven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library that the sweep does not probe.

    Attributes:
        title: The distribution and the version that was looked at.
        reason: Why not, as the second half of a sentence.
        url: Where to read of it.
    """

    title: str
    reason: str
    url: str


def read_undriven(folder: Path = FOLDER) -> list[Undriven]:
    """Return the libraries that are not probed, in the order of the file.

    Raises:
        AdapterError: The file is no valid one.
    """
    path = folder / "undriven.toml"
    try:
        found = msgspec.toml.decode(read_source(path), type=dict[str, list[Undriven]])
        return found["library"]
    except (msgspec.DecodeError, KeyError) as error:
        msg = f"{path}: is no list of libraries: {error}; correct it"
        raise AdapterError(msg) from error


def read_library(path: Path) -> dict[str, Library]:
    """Return what a file lists, by name, one for each variant.

    Its functions without arguments are targets too; each makes one.

    Raises:
        AdapterError: The head is no valid one.
    """
    text = read_source(path)
    block = read_block(path, text)
    own = dict(block.get("tool", {}).get("mask-conformance", {}))
    variants: Mapping[str, dict[str, Any]] = own.pop("variants", {}) or {"": {}}
    made = [f"models/{path.name}:{name}" for name in _FUNCTION.findall(text)]
    found = {}
    for variant, more in variants.items():
        name = f"{path.stem}:{variant}" if variant else path.stem
        given = {"dependencies": block.get("dependencies", []), "title": path.stem}
        given |= own | more
        given |= {"name": name, "file": str(path)}
        given["targets"] = [*given.get("targets", []), *made]
        try:
            found[name] = msgspec.convert(given, Library)
        except msgspec.ValidationError as error:
            msg = f"{path}: its head is wrong: {error}; correct it"
            raise AdapterError(msg) from error
    return found


def read_libraries(folder: Path = FOLDER) -> dict[str, Library]:
    """Return every library in a folder, by name."""
    found: dict[str, Library] = {}
    for path in sorted(folder.glob("*.py")):
        found |= read_library(path)
    return found
