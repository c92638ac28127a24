"""Chunks spread over this machine's cores, or over a Dask cluster, a few at a time.

A search may have a thousand million rows: only what is under way is held. On this
machine a thread waits for each chunk's process, so nothing listens on any port. A
cluster is somebody's own, with the security that its Dask configuration gives it.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from conformance.commands.soak.chunk import run_chunk
from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    Asked = tuple[str, float, int]
    Chunks = Generator[tuple[int, bytes | BaseException]]

AHEAD = 2
"""Chunks under way for each worker, so that none waits for us."""


def spread_here(seeds: Iterator[int], asked: Asked, workers: int | None) -> Chunks:
    """Yield each seed with its chunk as JSON, or with why there is none.

    Args:
        seeds: The seed of each chunk; asked for one when there is room for it.
        asked: What `run_chunk` takes besides.
        workers: Chunks at a time; as many as there are cores when it is None.
    """
    count = workers or os.cpu_count() or 1
    stop = Event()
    under_way: dict[Future[bytes], int] = {}
    run = partial(_run, asked, stop)
    with ThreadPoolExecutor(count) as pool:
        try:
            for seed in _first(seeds, AHEAD * count):
                under_way[pool.submit(run, seed)] = seed
            while under_way:
                # A wait without end would not hear of Ctrl-C on every system.
                ended, _ = wait(under_way, 1.0, return_when=FIRST_COMPLETED)
                for future in ended:
                    seed = under_way.pop(future)
                    yield seed, future.exception() or future.result()
                    for more in _first(seeds, 1):
                        under_way[pool.submit(run, more)] = more
        finally:
            stop.set()
            for future in under_way:
                future.cancel()


def _run(asked: Asked, stop: Event, seed: int) -> bytes:
    return run_chunk(seed, *asked, stop)


def spread_on(address: str, key: str, seeds: Iterator[int], asked: Asked) -> Chunks:
    """Yield the same from the workers of a Dask scheduler.

    Args:
        address: The scheduler's address.
        key: What the work is called there: the same for the same work.
        seeds: The seed of each chunk.
        asked: What `run_chunk` takes besides.

    Raises:
        UsageError: There is no such scheduler.
    """
    import distributed

    watch: Callable[..., Any] = distributed.as_completed
    with _connect(address) as client:
        room = AHEAD * max(1, sum(client.nthreads().values()))

        def submit(seed: int) -> Any:
            name = f"{key}-{seed}"
            return client.submit(run_chunk, seed, *asked, key=name)

        places = {submit(seed): seed for seed in _first(seeds, room)}
        queue = watch(list(places))
        for future in queue:
            seed = places.pop(future)
            yield seed, _outcome(future)
            future.release()  # the scheduler keeps what somebody holds
            for more in _first(seeds, 1):
                again = submit(more)
                places[again] = more
                queue.add(again)


def _outcome(future: Any) -> bytes | BaseException:
    """Return what a cluster made of a chunk; a lost connection is no result."""
    try:
        made: bytes = future.result()
    except Exception as error:  # noqa: BLE001 - a cluster may raise anything
        return error
    return made


@contextmanager
def _connect(address: str) -> Iterator[Any]:
    from distributed import Client

    make: Callable[..., Any] = Client
    try:
        client = make(address, timeout=10)
    except (OSError, ValueError) as error:
        msg = f"no Dask scheduler at {address}: {error}; start one with "
        raise UsageError(msg + "`dask scheduler`") from error
    with client:
        yield client


def _first(seeds: Iterator[int], count: int) -> Iterator[int]:
    """Yield the next few seeds, as far as there are any."""
    for _, seed in zip(range(count), seeds, strict=False):
        yield seed
