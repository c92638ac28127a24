"""A diagnosis as one sentence: the mistake, its thread, and what it may be instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.check.diagnosis.candidate import Candidate

CLASS = 3
"""Mistakes that are still named together where no input tells them apart."""


def sentence(found: Sequence[Candidate], *, finite: bool = False) -> str:
    """Return what explains the answers, the simplest first, or nothing.

    Args:
        found: Mistakes of one simplicity that explain everything.
        finite: Whether they explain finite numbers with padding on the right alone.
    """
    texts = list(dict.fromkeys(mistake.text for mistake in found))
    if not texts or (finite and len(texts) > 1):
        return ""
    if len(texts) > CLASS and any(mistake.listed for mistake in found):
        return ""
    if len(texts) > CLASS:
        # The simplest stands first; the others are the same to within rounding.
        found, texts = found[:1], [texts[0] + ", or something that gives the same"]
    said = ", or ".join(texts)
    if len(texts) > 1:
        said += ": no input tells these apart here"
    if finite:
        said += "; NaN and infinity show a mistake beside it"
    urls = list(dict.fromkeys(mistake.url for mistake in found if mistake.url))
    return f"{said}; see {' and '.join(urls)}" if urls else said
