"""Read and check case files: literal inputs with their exact answers.

``cases/README.md`` and ``cases/schema.json`` describe the format. The caller passes all
names that a case may use as a :class:`Vocabulary`, so that reading needs no operation,
no NumPy and no framework. ``python -m conformance.cases check`` compares the answers in
the files with the exact ones; ``write`` computes them.
"""

from __future__ import annotations

from conformance.cases.answers import exact_answer, find_vacuous, vocabulary
from conformance.cases.files import digest, load, load_all, load_flags, read_unchecked
from conformance.cases.model import Case, CaseFile, Flag, Vocabulary, schema
from conformance.specification.numbers import decode, encode

__all__ = [
    "Case",
    "CaseFile",
    "Flag",
    "Vocabulary",
    "decode",
    "digest",
    "encode",
    "exact_answer",
    "find_vacuous",
    "load",
    "load_all",
    "load_flags",
    "read_unchecked",
    "schema",
    "vocabulary",
]
