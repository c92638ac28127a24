"""Case files in, checked: literal inputs and the exact answers that they must have.

The format is in ``cases/README.md`` and ``cases/schema.json``. Everything that a case
may name is passed in as a :class:`Vocabulary`, so that reading needs no operation,
no NumPy and no framework. ``python -m conformance.cases check`` says whether every
answer in the files is the exact one; ``write`` makes it so.
"""

from __future__ import annotations

from conformance.cases.answers import exact_answer, vacuous, vocabulary
from conformance.cases.files import digest, load, load_all, load_flags
from conformance.cases.model import Case, CaseFile, Flag, Vocabulary, schema
from conformance.specification.numbers import decoded, encoded

__all__ = [
    "Case",
    "CaseFile",
    "Flag",
    "Vocabulary",
    "decoded",
    "digest",
    "encoded",
    "exact_answer",
    "load",
    "load_all",
    "load_flags",
    "schema",
    "vacuous",
    "vocabulary",
]
