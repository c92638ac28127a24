"""Define a check, and select checks."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from conformance.errors import UnknownNameError
from conformance.specification import DTYPES, LEVELS, ROUTES, Level, included_levels
from conformance.specification.corpus import FIRST, parse_version
from conformance.specification.keywords import Keywords

if TYPE_CHECKING:
    from conformance.specification import Operation, Variant


EXAMPLES = 64
"""Default number of generated rows per law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One case or law x variant x dtype x route: the unit of verdict.

    Attributes:
        operation: Its operation.
        variant: Its variant.
        item: The case or law.
        case: Whether it is a case.
        clause: The clause's id.
        level: The level that asks it.
        dtype: Its dtype.
        route: Its route.
        unsupported: Why it cannot be asked; empty if it can.
        since: The version that brought it.
        base: The level at which its case or law is first asked, in whatever dtype.
    """

    operation: str
    variant: Variant
    item: str
    case: bool
    clause: str
    level: Level
    dtype: str
    route: str
    unsupported: str = ""
    since: str = FIRST
    base: Level = "core"

    @property
    def id(self) -> str:
        """``<variant>/<case or law>:<dtype>:<route>``."""
        return f"{self.variant.name}/{self.item}:{self.dtype}:{self.route}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Select the checks to plan; empty fields select all.

    With a corpus, only checks that existed in that version are planned.

    Raises:
        UnknownNameError: A level, dtype or route does not exist.
        UsageError: The corpus is not a version, or the keywords are no expression.
    """

    level: Level = "robust"
    operations: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    corpus: str = ""
    keywords: str = ""

    def __post_init__(self) -> None:
        """Refuse names that do not exist."""
        if self.keywords:
            read_keywords(self.keywords)
        if self.corpus:
            parse_version(self.corpus)
        for kind, given, choices in (
            ("level", (self.level,), LEVELS),
            ("dtype", self.dtypes, DTYPES),
            ("route", self.routes, ROUTES),
        ):
            for name in given:
                if name not in choices:
                    raise UnknownNameError(kind, name, choices)

    @property
    def partial(self) -> bool:
        """Whether it leaves out some of a level's checks."""
        given = (self.operations, self.dtypes, self.routes, self.checks, self.keywords)
        return any(given)

    @property
    def options(self) -> list[str]:
        """What selects, as the command line writes it; nothing for a whole level.

        >>> Selection(operations=("masked_sum", "masked_mean")).options
        ['--operation masked_mean', '--operation masked_sum']
        """
        given = {
            "operation": self.operations,
            "dtype": self.dtypes,
            "route": self.routes,
            "check": self.checks,
        }
        listed = [
            f"--{name} {value}" for name in given for value in sorted(set(given[name]))
        ]
        return [*listed, f"-k {self.keywords}"] if self.keywords else listed

    def concerns(self, operation: Operation) -> bool:
        """Tell whether any check of an operation may be selected."""
        if self.operations and operation.name not in self.operations:
            return False
        return not self.checks or any(
            _reaches(glob, operation) for glob in _shorten(self.checks)
        )

    def takes(self, check: Check) -> bool:
        """Tell whether a check is selected."""
        return (
            check.level in included_levels(self.level)
            and (not self.operations or check.operation in self.operations)
            and (not self.dtypes or check.dtype in self.dtypes)
            and (not self.routes or check.route in self.routes)
            and (not self.checks or _is_named(check.id, self.checks))
            and (not self.keywords or read_keywords(self.keywords).match(check.id))
            and (
                not self.corpus
                or parse_version(check.since) <= parse_version(self.corpus)
            )
        )


@lru_cache(maxsize=8)
def read_keywords(text: str) -> Keywords:
    """Return an expression of words, read once for all checks.

    Raises:
        UsageError: It is not an expression.
    """
    return Keywords(text)


@lru_cache(maxsize=8)
def _split(globs: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the whole ids among some globs, and the others.

    `--lf` names each check that failed, which may be a thousand.
    """
    whole = frozenset(glob for glob in globs if not set("*?[") & set(glob))
    return whole, tuple(glob for glob in globs if glob not in whole)


@lru_cache(maxsize=8)
def _shorten(globs: tuple[str, ...]) -> tuple[str, ...]:
    """Return globs that reach the same operations, those of one variant once."""
    whole, others = _split(globs)
    return (*others, *sorted({f"{each.partition('/')[0]}/*" for each in whole}))


def _is_named(check: str, globs: tuple[str, ...]) -> bool:
    whole, others = _split(globs)
    return check in whole or any(fnmatchcase(check, glob) for glob in others)


def _reaches(glob: str, operation: Operation) -> bool:
    """Tell whether the id of any check of an operation may match."""
    if "/" not in glob or "[" in glob:
        return True
    # An id has one slash: what stands before it is the variant's name.
    named = glob.partition("/")[0]
    return any(fnmatchcase(variant.name, named) for variant in operation.variants)
