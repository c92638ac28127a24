"""Pin the corpus, the cases and laws, to one version.

A newer suite brings new cases and laws, which can turn a green project red. Each names
the version that brought it, so that a project can update the tool at once and the
corpus later.
"""

from __future__ import annotations

import re

from conformance.errors import UsageError

FIRST = "0.1.0"
"""The first version, and the default of ``since``."""

_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")


def parse_version(text: str, where: str = "corpus") -> tuple[int, ...]:
    """Return a version's three numbers.

    >>> parse_version("0.10.2")
    (0, 10, 2)

    Raises:
        UsageError: It is not three numbers separated by dots.
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        msg = (
            f"{where}: got {text[:40]!r}, expected a version such as {FIRST}; "
            "CHANGELOG.md lists them"
        )
        raise UsageError(msg)
    return tuple(map(int, found.groups()))


def later_version(one: str, other: str) -> str:
    """Return the later of two versions.

    >>> later_version("0.9.0", "0.10.0")
    '0.10.0'
    """
    return one if one == other else max(one, other, key=parse_version)


def resolve_corpus(corpus: str, newest: str) -> str:
    """Check a corpus version against this suite, and return it.

    Args:
        corpus: The requested version; empty means everything.
        newest: This suite's version. A development version of 0.2.0 has the corpus of
            0.2.0; one that is not a version, such as "0+unknown", has every corpus.

    Raises:
        UsageError: It is not a version, or it is newer than this suite.
    """
    if not corpus:
        return ""
    wanted = parse_version(corpus)
    release = _VERSION.match(newest)
    if release and wanted > parse_version(release.group()):
        own = release.group()
        msg = (
            f"corpus: got {corpus}, expected {own} (this suite's) or older; "
            "install a newer mask-conformance or pin an older corpus"
        )
        raise UsageError(msg)
    return corpus
