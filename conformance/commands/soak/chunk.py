"""One chunk of a search: every law on the rows of one seed, in a process of its own.

A chunk depends on the adapter, its options and its seed alone, so that it may run
anywhere, and again where a worker died. What an adapter does to its process ends a
check, never the worker. Plain values go in and JSON comes out: workers may run other
versions of what serialises objects.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import msgspec

from conformance.errors import ConformanceError
from conformance.gate import judge
from conformance.records import Result  # noqa: TC001 - msgspec reads it
from conformance.run import catalogue
from conformance.run.declare import declare
from conformance.run.launch import Order, launch
from conformance.run.process import Limits
from conformance.run.settings import decode_settings


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
    seed: int,
    settings: str,
    seconds: float,
    memory: int,
    stop: Event | None = None,
) -> bytes:
    """Run one chunk and return it as JSON.

    Args:
        seed: What its inputs depend on.
        settings: The run's settings as JSON.
        seconds: How long a check may take.
        memory: How many bytes the process may hold.
        stop: Set when the user wants no more.
    """
    try:
        limits = Limits(seconds=seconds, memory=memory)
        chunk = _run(seed, settings, limits, stop or Event())
    except ConformanceError as error:
        chunk = Chunk(seed=seed, problems=[str(error)])
    return msgspec.json.encode(chunk)


def _run(seed: int, settings: str, limits: Limits, stop: Event) -> Chunk:
    given = decode_settings(settings)
    declaration = declare(given.reference)
    with TemporaryDirectory(prefix="mask-conformance-") as folder:
        record = Path(folder) / "chunk.jsonl"
        order = Order(
            settings=msgspec.structs.replace(given, seed=seed, record=record),
            variables=declaration.variables,
            limits=limits,
            file=os.path.abspath(declaration.file),  # noqa: PTH100 - links are kept
            plan=partial(catalogue.plan_run, declaration, given),
        )
        run = launch(order, lambda _finished, _planned: None, stop)
    judged = judge(run)
    return Chunk(
        seed=seed,
        checks=len(run.results),
        found=list(judged.new),
        problems=list(judged.problems),
        versions=run.header.versions,
        cases=run.header.cases_digest,
    )
