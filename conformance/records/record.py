"""The three kinds of line that a run record has."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from conformance.records.text import is_reason

SCHEMA = 1
"""Version of the record's format; a file of another version is refused."""

Outcome = Literal["passed", "failed", "errored", "unsupported", "not_run"]
"""How a check ended; ``known`` is a flag beside it, never an outcome."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Level = Annotated[str, Meta(pattern="^(core|robust|extended)$")]
_Share = Annotated[float, Meta(ge=0)] | Annotated[str, Meta(pattern="^inf$")]

Sort = Literal["wrong", "nan", "raises", "shape", "padding", "digits"]
"""What a difference looks like: a wrong finite number; NaN or infinity in its place;
an exception; a wrong shape or dtype; wrong only where padding is; right but for
rounding."""

SORTS: tuple[Sort, ...] = get_args(Sort)
"""The same, the worst first: what is wrong in silence is worse than what shows."""

ROLES = ("system", "reference", "variant")
"""What an adapter drives: a system; the suite's own ruler; another way to call a system
that has an adapter already."""

FINDING = 55
"""Characters of a finding: what fits beside a row of the report."""

ANY = "any"
"""What stands in ``want`` for an element that no clause asks anything of."""

Array = list[Any] | bool | int | float | str
"""A nested list of numbers; nan, inf, -inf and -0.0 are strings."""


class Known(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a difference is expected.

    Attributes:
        reason: Why it is accepted, in a sentence.
        url: Where upstream discusses it.
        since: The first version that showed it.
        finding: The same in a reader's words, of at most 55 characters.
    """

    reason: str
    url: str = ""
    since: str = ""
    finding: str = ""


class Worst(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The element that is furthest outside its bound."""

    index: list[int]
    got: Array
    want: Array
    error: Array = 0.0
    bound: Array = 0.0


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader needs to believe a failure and to see it again.

    Attributes:
        inputs: The arrays the adapter was given, by argument name.
        mask: ``[B, T]``, true where a position counts.
        weights: A layer's weights, by ``forward.kernel`` and the like.
        got: The adapter's answer, in the check's dtype.
        want: The exact answer; ``any`` where nothing is asked.
        allowed: The error bound of each element of ``want``, infinite there.
        mismatched: How many elements are outside their bound.
        of: How many elements were judged.
        elided: Whether arrays were cut to the neighbourhood of the worst element.
        diagnosis: The known mistake that gives exactly this answer, if one does.
        command: Runs this check again.
        snippet: Stand-alone Python that shows the failure without this suite.
        trace: The adapter's traceback, cut and stripped.
        shrunk: Whether ``inputs`` is the smallest that was found.
        repeats: How often the same input failed, where it does not always.
    """

    inputs: dict[str, Array] = {}
    mask: Array = []
    weights: dict[str, Array] = {}
    got: Array = []
    want: Array = []
    allowed: Array = []
    mismatched: _Count = 0
    of: _Count = 0
    worst: Worst | None = None
    elided: bool = False
    diagnosis: str = ""
    command: str = ""
    snippet: str = ""
    trace: str = ""
    shrunk: bool = False
    repeats: str = ""


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="run", tag_field="type"):
    """What was run, on what, and how much of it was planned.

    Attributes:
        adapter: The adapter's name, with its variant where it has one.
        file: The adapter's file, as the reader of a report would find it.
        versions: Versions that matter for a result, by distribution.
        environment: Python, platform, device, threads and modes as text.
        planned: How many checks this file should hold, of this shard if it is one.
        whole: How many checks the whole run has, where this is a shard of one.
        operations: Every operation of the plan, in the specification's order.
        declared: Implementation-defined behaviour that the adapter states.
        cases: How many cases there were to run.
        cases_digest: Digest of the case files; other cases, other run.
        selection: Whether only some checks of the plan were asked for.
        of: How many checks the plan has out of which those were selected.
        selected: The options that select them.
        shard: ``K/N`` where the plan was divided among N runs.
        commit: The commit that was tested, where a CI service names it.
        command: Runs the same again.
        system: The system under test, as people call it; adapters that share it are
            one row of the report. Old records have none, nor the three below.
        library: The distribution whose version is the system's.
        family: What it is built on, as the report's headings have it.
        role: One of ``ROLES``.
        device: Where it ran, such as ``cuda:0``; empty in records of runs that could
            not choose one, which were on a CPU.
    """

    schema: int = SCHEMA
    suite: str
    specification: str
    adapter: str
    framework: str
    file: str
    versions: dict[str, str]
    environment: dict[str, str]
    level: _Level
    seed: _Count
    examples: _Count
    explore: _Count = 0
    planned: _Count
    whole: _Count = 0
    operations: list[str]
    declared: dict[str, str] = {}
    cases: _Count
    cases_digest: str
    started: str
    commit: str = ""
    command: str = ""
    selection: bool = False
    of: _Count = 0
    selected: list[str] = []
    shard: str = ""
    system: str = ""
    library: str = ""
    family: str = ""
    role: str = ""
    device: str = ""


class Result(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag="result",
    tag_field="type",
):
    """One check's outcome; a passed one carries no more than it must.

    Attributes:
        check: The check's id, ``<variant>/<case or law>:<dtype>:<route>``.
        outcome: How it ended.
        clause: The clause that it holds. Old records have none where it passed.
        level: The clause's level; empty when it passed.
        topic: What the check is about, a name of ``specification.topics``.
        kind: What the difference looks like, where there is one.
        cause: What the difference shares with others of the same mistake, in any
            adapter: the operation and a slug; empty where nothing was recognised.
        message: What is wrong, or why it is unsupported or was not run.
        share: Largest share of the error bound that an element used; ``"inf"`` where
            the bound is zero and was not kept.
        varies: Largest share of the error bound by which two answers to one question
            differed, on a device where the framework does not promise the same bits.
        known: Why the outcome is expected, when it is.
        failure: The evidence, when it failed or errored.
        unstable: The check that first saw two answers to one question, where this one
            saw two; its own id where it is the first of the operation.
        left_out: Generated inputs that were not given to the adapter, as they lack what
            its head requires.
        captured: What a compiled route captured, such as ``1 graph, 7 nodes``.
        ms: Wall time in milliseconds.
    """

    check: str
    outcome: Outcome
    clause: str = ""
    level: _Level | Literal[""] = ""
    topic: Annotated[str, Meta(pattern="^[a-z-]{0,40}$")] = ""
    kind: Sort | Literal[""] = ""
    cause: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{0,200}$")] = ""
    message: str = ""
    share: _Share | None = None
    varies: _Share | None = None
    known: Known | None = None
    failure: Failure | None = None
    unstable: str = ""
    captured: str = ""
    left_out: _Count = 0
    ms: Annotated[float, Meta(ge=0)] = 0.0

    @property
    def accepted(self) -> bool:
        """Whether somebody has given a reason for which it is expected."""
        return self.known is not None and is_reason(self.known.reason)


class Footer(msgspec.Struct, frozen=True, kw_only=True, tag="end", tag_field="type"):
    """How many checks ended how; its absence marks an incomplete run.

    Attributes:
        counts: Checks by outcome.
        stale: Complaints about entries of known differences, one line each.
        observed: What was seen where the adapter declares nothing, by
            ``behaviour: variant``.
        ended: When the run ended.
        complete: Whether every planned check has an outcome other than not_run.
    """

    counts: dict[str, int]
    stale: list[str] = []
    observed: dict[str, str] = {}
    ended: str = ""
    complete: bool = True
