"""A search from its chunks to its findings, which do not depend on the workers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.adapters.installed import suite_version
from conformance.adapters.load import read_declaration
from conformance.commands.run import need_extra
from conformance.commands.soak.chunk import Chunk, run_chunk
from conformance.commands.terminal import Progress, complaint
from conformance.errors import IncompleteRunError, UsageError
from conformance.run import catalogue
from conformance.run.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.records import Result
    from conformance.run.process import Limits
    from conformance.specification.selection import Check, Selection

    Say = Callable[[str], Any]

DEATHS = 4
"""Workers that may die in one chunk before it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search is asked for.

    Attributes:
        reference: The adapter, as the command line names it.
        rows: Rows for each law, rounded up to whole chunks.
        chunk: Rows of a chunk, for each law; a quarter as many further batches, of
            any shape, are drawn by Hypothesis.
        seed: The first chunk's; each has its own.
        workers: Processes on this machine; as many as it has cores when it is None.
        scheduler: Address of a Dask scheduler to use instead.
        output: Where what is found goes.
    """

    reference: str
    rows: int
    chunk: int
    seed: int = 0
    workers: int | None = None
    scheduler: str | None = None
    output: Path

    @property
    def seeds(self) -> range:
        """The seed of each chunk."""
        return range(self.seed, self.seed + ceil(self.rows / self.chunk))


def soak(search: Search, selected: Selection, limits: Limits, say: Say) -> int:
    """Search, print and save what is found, and return the exit status.

    Args:
        search: What to search.
        selected: Which checks; laws alone are searched.
        limits: How far a check may go.
        say: Prints a line.

    Raises:
        UsageError: There is nothing to search, or with nothing.
    """
    need_extra(memory=bool(limits.memory), soak=True)
    declaration = read_declaration(search.reference)
    planned = catalogue.planned(declaration, selected)
    drawn = [check for check in planned if not (check.case or check.unsupported)]
    if not drawn:
        msg = f"{search.reference}: no law is selected; nothing would be searched"
        raise UsageError(msg)
    reference = search.reference
    if Path(reference.rpartition(":")[0] or reference).suffix == ".py":
        reference = str(Path.cwd() / reference)
    settings = Settings(
        reference=reference,
        selection=selected,
        examples=search.chunk,
        explore=search.chunk // 4,
        drawn=True,
    )
    asked = (settings.encode(), limits.seconds, limits.memory)
    with Progress(declaration.name) as progress:
        chunks, problems = _collected(search, asked, progress)
    return _told(search, drawn, chunks, problems, say)


def _collected(
    search: Search,
    asked: Sequence[Any],
    follow: Callable[[int, int], None],
) -> tuple[list[Chunk], list[str]]:
    """Run every chunk, and return those that ended and why others did not."""
    from dask.base import tokenize
    from distributed import as_completed

    # On a cluster that others use, a key must mean the same work.
    key = f"mask-conformance-{tokenize(*asked, suite_version())}"
    chunks: list[Chunk] = []
    problems: list[str] = []
    total = len(search.seeds)
    with _client(search) as client:
        futures = {
            client.submit(run_chunk, seed, *asked, key=f"{key}-{seed}"): seed
            for seed in search.seeds
        }
        try:
            for future in as_completed(futures):
                seed = futures[future]
                if future.status == "finished":
                    chunks.append(msgspec.json.decode(future.result(), type=Chunk))
                else:
                    error = future.exception()
                    problems.append(f"seed {seed}: {type(error).__name__}: {error}")
                follow(len(chunks) + len(problems), total)
        except KeyboardInterrupt:
            left = total - len(chunks) - len(problems)
            problems.append(f"stopped: {left} of {total} chunks were not searched")
    return sorted(chunks, key=lambda chunk: chunk.seed), problems


@contextmanager
def _client(search: Search) -> Iterator[Any]:
    """Yield a client of the scheduler that is asked for, or of one of our own."""
    import dask
    from distributed import Client, LocalCluster

    # A worker runs one process at a time and holds next to nothing itself.
    ours = {"threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None}
    if search.scheduler is not None:
        try:
            client = Client(search.scheduler, timeout=10)
        except (OSError, ValueError) as error:
            msg = f"no Dask scheduler at {search.scheduler}: {error}; start one with "
            raise UsageError(msg + "`dask scheduler`") from error
        with client:
            yield client
        return
    deaths = {"distributed.scheduler.allowed-failures": DEATHS - 1}
    with (
        dask.config.set(deaths),
        LocalCluster(n_workers=search.workers, silence_logs=50, **ours) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _told(
    search: Search,
    drawn: Sequence[Check],
    chunks: Sequence[Chunk],
    problems: Sequence[str],
    say: Say,
) -> int:
    """Print and save the findings, the first seed's of each check."""
    _need_same(chunks)
    found: dict[str, tuple[int, Result]] = {}
    missing = list(problems)
    for chunk in chunks:
        missing += [f"seed {chunk.seed}: {problem}" for problem in chunk.problems]
        for result in chunk.found:
            found.setdefault(result.check, (chunk.seed, result))
    for check in drawn:
        if check.id in found:
            say("\n".join(_finding(search, check, *found[check.id])))
    rows = len(chunks) * search.chunk
    say(f"{rows} rows for each of {len(drawn)} laws: {len(found)} findings")
    for problem in missing:
        say(f"INCOMPLETE: {problem}")
    return IncompleteRunError.exit_status if missing else int(bool(found))


def _finding(search: Search, check: Check, seed: int, result: Result) -> list[str]:
    from conformance.check.explore import save, to_mend

    lines = [f"seed {seed}: {line}" for line in complaint(result)[:1]]
    lines += complaint(result)[1:]
    if result.failure is not None:
        path = save(check, result.failure, search.output, found=seed)
        if path is not None:
            lines += [f"  saved: {path}", *(f"  {line}" for line in to_mend(path))]
    return [*lines, ""]


def _need_same(chunks: Sequence[Chunk]) -> None:
    """Refuse findings of workers that differ in what they run."""
    ran = [chunk for chunk in chunks if chunk.versions]
    for chunk in ran:
        for name in ("versions", "cases"):
            first, other = getattr(ran[0], name), getattr(chunk, name)
            if first != other:
                msg = (
                    f"workers differ in {name}: {first} for seed {ran[0].seed}, "
                    f"{other} for seed {chunk.seed}; install the same versions on all"
                )
                raise UsageError(msg)
