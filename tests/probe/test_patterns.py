"""What a leak is called, by the positions and rows that it changes, and its repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.probe.locate import Location

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

# By wrong model and question: what it is called, what is said, whether a mask mends it.
PATTERNS = {
    ("Conv", "more-padding"): ("window", "differs at the last one of the row", True),
    ("Mean", "more-padding"): ("whole row", "a sum or a mean over T", False),
    ("Instance", "more-padding"): ("whole row", "a normalisation over T", False),
    ("Suffix", "more-padding"): ("whole row", "takes padding in", True),
    ("Count", "more-padding"): ("count", "T comes in, as a count does", None),
    ("Logarithm", "more-padding"): ("positions", "it depends on T", None),
    ("Batch", "beside"): ("all rows", "a statistic over the batch", False),
    ("LongestRow", "alone"): ("all rows", "a statistic over the batch", None),
    ("Neighbour", "order"): ("rows", "other rows come in", None),
    ("Neighbour", "alone"): ("count or rows", "T comes in, as a count does, or", None),
    ("Reverse", "more-padding"): ("reversed", "is reversed with its padding", False),
    ("Last", "more-padding"): ("one position", "padding stands there", False),
    ("First", "left"): ("one position", "padding stands there", False),
    ("Before", "left-numbers"): ("start", "the first 2 of the row", None),
}


def find_places(
    load: Callable[[str], Any], block: str, *questions: str
) -> dict[str, Location]:
    """Probe a wrong model and return the places of its leaks."""
    case = next(
        each
        for each in load("wrong_torch").CASES
        if each.block.__name__ == block and each.kind == "stack"
    )
    settings = ProbeSettings(questions=questions, **case.said)
    return examine(wrap(case.make(0, wrong=True)), settings).locations


@pytest.mark.parametrize(("block", "question"), PATTERNS)
def test_a_leak_is_called_what_it_is(
    block: str, question: str, load: Callable[[str], Any]
) -> None:
    location = find_places(load, block, question)[question]
    pattern, said, mended = PATTERNS[block, question]
    assert (location.pattern, location.mended) == (pattern, mended)
    assert said in location.text
    assert location.checked


def test_a_repair_is_tried_for_every_question(load: Callable[[str], Any]) -> None:
    asked = ("other-numbers", "more-padding", "alone")
    found = find_places(load, "Ignored", *asked)
    assert set(found) == set(asked)
    assert found["other-numbers"].mended
    assert found["other-numbers"].unmended == ("more-padding", "alone")
    assert not found["more-padding"].mended
