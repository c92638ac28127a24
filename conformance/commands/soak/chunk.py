"""One chunk of a search: every law on the rows of one seed, in a process of its own.

A chunk depends on the adapter, its options and its seed alone, so that it may run
anywhere, and again where a worker died. What an adapter does to its process ends a
check, never the worker. Plain values go in and JSON comes out: workers may run other
versions of what serialises objects.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from conformance.adapters.load import read_declaration
from conformance.errors import ConformanceError
from conformance.gate import judge
from conformance.records import Result  # noqa: TC001 - msgspec reads it
from conformance.run.launch import Order, launch
from conformance.run.process import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one chunk.

    Attributes:
        seed: Its seed.
        checks: How many laws were asked.
        found: What failed or errored and is not known.
        problems: Why it is not complete.
        versions: What it ran on.
        cases: Digest of the case files there.
    """

    seed: int
    checks: int = 0
    found: list[Result] = []
    problems: list[str] = []
    versions: dict[str, str] = {}
    cases: str = ""


def run_chunk(
    reference: str, seed: int, options: Sequence[str], seconds: float, memory: int
) -> bytes:
    """Run one chunk and return it as JSON.

    Args:
        reference: The adapter, as the command line names it.
        seed: What its inputs depend on.
        options: Options of ``conformance.pytest_plugin``.
        seconds: How long a check may take.
        memory: How many bytes the process may hold.
    """
    try:
        chunk = _run(reference, seed, options, seconds, memory)
    except ConformanceError as error:
        chunk = Chunk(seed=seed, problems=[str(error)])
    return msgspec.json.encode(chunk)


def _run(
    reference: str, seed: int, options: Sequence[str], seconds: float, memory: int
) -> Chunk:
    declaration = read_declaration(reference)
    with TemporaryDirectory(prefix="mask-conformance-") as folder:
        order = Order(
            reference=reference,
            record=Path(folder) / "chunk.jsonl",
            options=[*options, "--mask-drawn", "--mask-seed", str(seed)],
            variables=declaration.variables,
            limits=Limits(seconds=seconds, memory=memory),
            file=os.path.abspath(declaration.file),  # noqa: PTH100 - links are kept
        )
        run = launch(order, lambda _finished, _planned: None, Event())
    judged = judge(run)
    return Chunk(
        seed=seed,
        checks=len(run.results),
        found=list(judged.new),
        problems=list(judged.problems),
        versions=run.header.versions,
        cases=run.header.cases_digest,
    )
