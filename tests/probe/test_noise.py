"""Rounding is told from a leak by evidence, and too little of it is said to be."""

from __future__ import annotations

from conformance.probe.compare import ArrayDifference
from conformance.probe.noise import Evidence, classify


def changed(size: float, signal: float = 1.0) -> ArrayDifference:
    return ArrayDifference(size=size, signal=signal, bits=size == 0, compared=10)


def test_the_same_bits_are_the_same() -> None:
    assert classify(Evidence(low=changed(0))).kind == "same"


def test_what_shrinks_in_float64_is_noise() -> None:
    found = classify(Evidence(low=changed(3e-7), high=changed(4e-16), exact=True))
    assert found.kind == "noise"
    assert "shrinks" in found.why


def test_what_keeps_its_size_in_float64_is_a_leak_however_small() -> None:
    found = classify(Evidence(low=changed(3e-7), high=changed(2e-7), exact=True))
    assert found.kind == "leak"
    assert found.times > 1e8


def test_float64_that_computes_in_float32_inside_proves_nothing() -> None:
    low, high = changed(3e-7), changed(2e-7)
    found = classify(Evidence(low=low, high=high, floor=1e-7, exact=False))
    assert found.kind == "noise"
    assert "permuting" in found.why


def test_a_large_difference_is_a_leak_even_where_float64_is_not_pure() -> None:
    low, high = changed(0.3), changed(0.3)
    assert classify(Evidence(low=low, high=high, floor=1e-7)).kind == "leak"


def test_without_float64_what_grows_with_padding_is_a_leak() -> None:
    low, larger = changed(1e-5), changed(1e-3)
    found = classify(Evidence(low=low, larger=larger, floor=1e-7))
    assert found.kind == "leak"
    assert "100 times larger" in found.why


def test_without_float64_the_floor_of_permuted_rows_decides() -> None:
    assert classify(Evidence(low=changed(1e-3), floor=1e-7)).kind == "leak"
    assert classify(Evidence(low=changed(2e-7), floor=1e-7)).kind == "noise"


def test_too_little_evidence_is_said() -> None:
    found = classify(Evidence(low=changed(1e-6)))
    assert found.kind == "unclear"
    assert "not enough evidence" in found.why


def test_precision_that_padding_takes_away_is_a_leak() -> None:
    low, high, larger = changed(1e-2), changed(1e-14), changed(1.0)
    found = classify(Evidence(low=low, high=high, larger=larger, exact=True))
    assert found.kind == "leak"
    assert "precision" in found.why


def test_nan_is_a_class_of_its_own() -> None:
    assert classify(Evidence(low=ArrayDifference(nan=True, bits=False))).kind == "nan"
