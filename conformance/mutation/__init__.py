"""Implementations made wrong on purpose: what the suite's power is measured with.

``conformance.mutation.matrix`` runs them all and says which law or case catches which;
``python -m conformance.mutation`` prints that and fails if anything catches nothing.
"""

from __future__ import annotations

from conformance.mutation.mutant import Mutant, adapter, correct, mutants

__all__ = ["Mutant", "adapter", "correct", "mutants"]
