"""Settings are handed to a child process as JSON, whole."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from conformance.run.settings import Settings, decode_settings
from conformance.specification.selection import Selection
from conformance.specification.shard import Shard

FULL = Settings(
    reference="a b.py:torch",
    selection=Selection(
        level="core",
        operations=("masked_mean", "birnn"),
        dtypes=("float32",),
        routes=("eager",),
        checks=("masked_mean/*",),
        corpus="0.1.0",
    ),
    seed=3,
    examples=8,
    explore=2,
    record=Path("out") / "a.jsonl",
    shard=Shard(2, 4),
    resume=(Path("one.jsonl"), Path("two.jsonl")),
    drawn=True,
)


@pytest.mark.parametrize("settings", [FULL, Settings(reference="numpy_reference")])
def test_what_is_encoded_is_decoded_again(settings: Settings) -> None:
    assert decode_settings(settings.encode()) == settings


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "reference"),
        ('{"reference": "x", "seeds": 1}', "seeds"),
        ('{"reference": "x", "seed": "1"}', "Expected `int`"),
        ('{"reference": "x", "selection": {"level": "cor"}}', "level"),
    ],
)
def test_what_is_no_settings_is_refused_by_its_field(text: str, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        decode_settings(text)


def test_known_differences_are_judged_stale_at_the_usual_seed_and_count_only() -> None:
    assert Settings(reference="x").usual
    assert not FULL.usual
