"""The masking gate: every check of the adapter is a test."""

from pathlib import Path

import conformance

ADAPTER = Path(__file__).parents[1] / "masking.py"


@conformance.parametrize_checks(ADAPTER)
def test_masking(check) -> None:
    check()
