"""What a system may ask of its input, declared in the adapter's head as ``requires``.

A requirement is granted: generated batches have what it asks for, and an input that
lacks it is not given, but counted. It is no way to leave out padding: a law of which
every input lacks it is unsupported, and says so.
"""

from __future__ import annotations

REQUIREMENTS = {
    "full-row": "some row has no padding",
    "two-positions": "rows have at least two positions, padding included",
    "sorted-rows": "no row has more valid positions than the row before it",
    "rank-3": "its first input has three axes",
    "equal-times": "queries and keys have the same number of positions",
}
"""Each requirement, and what then holds of every input."""
