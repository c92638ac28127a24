"""Ask an adapter in processes of their own: another one where one has ended."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import IncompleteRunError, UsageError
from conformance.records.bits import NOTE, QUESTIONS, BitsAnswer, BitsRow
from conformance.records.writing import read_current
from conformance.run.child import USAGE
from conformance.run.launch import clean_environment
from conformance.run.log import Log
from conformance.run.process import Limits, Process, enter
from conformance.specification.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.run.process import Ending
    from conformance.specification.declaration import Declaration
    from conformance.specification.device import Placement
    from conformance.specification.selection import Check


class Whereabouts(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Where functions run, as a process tells it before it asks anything.

    Attributes:
        device: Such as ``cuda:0``.
        environment: The device's name, threads and modes as text.
        versions: Versions that matter for a result, by distribution.
        promised: Whether the framework promises the same bits there.
    """

    device: str
    environment: dict[str, str]
    versions: dict[str, str]
    promised: bool


class OneAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer, as a process writes it down."""

    check: str
    question: str
    answer: BitsAnswer


def ask_all(
    reference: str,
    declaration: Declaration,
    checks: Sequence[Check],
    *,
    placement: Placement,
    seconds: float,
    show: Callable[[BitsRow], object],
) -> Whereabouts:
    """Ask every check's questions; return where they were asked.

    Args:
        reference: The adapter, as the command line names it.
        declaration: What it declares.
        checks: What to ask, at least one.
        placement: Where its tensors are.
        seconds: How long one question may take; 0 is for ever.
        show: Takes each row as soon as it is known.

    Raises:
        UsageError: It cannot be loaded, or there is no such device.
        IncompleteRunError: It ended its process while it was imported.
    """
    left = list(checks)
    variables = {**clean_environment(), **declaration.variables}
    while True:
        with TemporaryDirectory(prefix="mask-conformance-") as folder:
            answers = _Answers(Path(folder) / "bits.jsonl", left, show)
            command = [*enter("conformance.commands.bits.child"), reference]
            command += [str(answers.path), msgspec.json.encode(placement).decode()]
            command += [check.id for check in left]
            with Log(Path(folder) / "bits.log") as log:
                process = Process(command, variables, answers.path, log)
                limits = Limits(seconds=seconds)
                ending = process.wait(limits, answers.follow, Event())
            kind, message = log.told(process.word)
            if kind:
                raise (UsageError if kind == USAGE else IncompleteRunError)(message)
            answers.follow(0, 0)
            if not left and answers.place is not None:
                return answers.place
            if answers.place is None or not answers.blame(ending):
                when = "between checks" if answers.place else "while it was imported"
                what = f"{reference}: {ending} {when}"
                raise IncompleteRunError(f"{what}\n{log.read_reason()}".strip())
            if not left:
                return answers.place


class _Answers:
    """What one process writes down, read while it goes on.

    Args:
        path: The file that it appends to.
        left: The checks that are open; those that are answered are taken out.
        show: Takes each row.
    """

    def __init__(
        self, path: Path, left: list[Check], show: Callable[[BitsRow], object]
    ) -> None:
        self.path = path
        self.place: Whereabouts | None = None
        self._left = left
        self._show = show
        self._read = 0
        self._given: dict[str, BitsAnswer] = {}

    def follow(self, _done: int, _of: int) -> None:
        """Read what is new."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except OSError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._take(line)

    def _take(self, line: bytes) -> None:
        if self.place is None:
            self.place = msgspec.json.decode(line, type=Whereabouts)
            return
        one = msgspec.json.decode(line, type=OneAnswer)
        self._given[one.question] = one.answer
        if self._given.keys() >= QUESTIONS.keys():
            self._finish()

    def _finish(self) -> None:
        check = self._left.pop(0)
        answers = {name: self._given[name] for name in QUESTIONS}
        self._given = {}
        self._show(
            BitsRow(variant=check.variant.name, dtype=check.dtype, answers=answers)
        )

    def blame(self, ending: Ending) -> bool:
        """Give the check that the process died of this as its other answers."""
        if not self._left or read_current(self.path) != self._left[0].id:
            return False
        note = clean(str(ending), NOTE)
        last = BitsAnswer(kind="slow" if ending.reason else "raises", note=note)
        self._given = dict.fromkeys(QUESTIONS, last) | self._given
        self._finish()
        return True
