"""Questions put to an adapter in a process of its own, as a run has it."""

from __future__ import annotations

import os
import platform
import sys
import warnings
from pathlib import Path

import msgspec

from conformance.adapters.load import load_adapter
from conformance.check.bits import ask_bits, list_bit_checks
from conformance.check.fixtures import Fixtures
from conformance.commands.bits.processes import OneAnswer, Whereabouts
from conformance.errors import ConformanceError
from conformance.records.bits import NOTE, QUESTIONS, BitsAnswer
from conformance.records.writing import current_file
from conformance.run.child import become_child, refuse
from conformance.specification.device import Placement
from conformance.specification.plain import clean
from conformance.specification.selection import Selection


def main() -> int:
    """Ask what the command line names, and write the answers down."""
    word = become_child()
    reference, path, placed, *names = sys.argv[1:]
    file = Path(path)
    try:
        placement = msgspec.json.decode(placed, type=Placement)
        adapter = load_adapter(reference, placement)
        fixtures = Fixtures(adapter, seed=0)
        framework = fixtures.framework
        place = Whereabouts(
            device=framework.device(),
            environment={
                "python": platform.python_version(),
                **framework.environment(),
            },
            # torch's version is a string of its own kind.
            versions={name: str(text) for name, text in framework.versions().items()},
            promised=framework.promises_bits(),
        )
    except ConformanceError as error:
        refuse(word, error)
    _append(file, place)
    every = list_bit_checks(adapter.declaration, Selection())
    checks = {check.id: check for check in every}
    warnings.simplefilter("ignore")  # a row of nothing divides zero by zero
    for name in names:
        current_file(file).write_text(f"{name}\n", encoding="utf-8")
        left = dict.fromkeys(QUESTIONS)
        try:
            for question, answer in ask_bits(fixtures, checks[name]):
                del left[question]
                _append(file, OneAnswer(check=name, question=question, answer=answer))
        except Exception as error:  # noqa: BLE001 - an adapter raises what it likes
            text = clean(f"{type(error).__name__}: {error}", NOTE)
            raised = BitsAnswer(kind="raises", note=text)
            for question in left:
                _append(file, OneAnswer(check=name, question=question, answer=raised))
    os._exit(0)  # whatever the adapter has left to be done at the end


def _append(path: Path, content: msgspec.Struct) -> None:
    with path.open("ab") as file:
        file.write(msgspec.json.encode(content) + b"\n")
