"""Text and numbers as the record holds them: printable, bounded and strict JSON."""

from __future__ import annotations

import math
import os
import re
from typing import Any, NamedTuple

from conformance.errors import UsageError
from conformance.specification.plain import TEXT_LIMIT, clean

OBSERVING = "observing "
"""What stands before the name of what is observed, where a run says what it does."""

CODE_LIMIT = 100_000
"""Characters of a command or snippet, which is of no use when cut."""

_LIMITS = {"command": CODE_LIMIT, "snippet": CODE_LIMIT}

_PRIVATE = {"message", "trace"}
"""What names files of whoever ran it, and is never run again as it stands."""

_CHECK = re.compile(
    r"(?P<variant>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)"
    r"/(?P<item>[A-Za-z0-9][A-Za-z0-9._-]*)"
    r":(?P<dtype>[A-Za-z0-9_]+):(?P<route>[A-Za-z0-9._-]+)"
)


class CheckId(NamedTuple):
    """The parts of a check id."""

    variant: str
    item: str
    dtype: str
    route: str

    @property
    def operation(self) -> str:
        """The operation that the variant belongs to."""
        return self.variant.partition(".")[0]


def parse_check(check: str) -> CheckId:
    """Return the parts of a check id.

    >>> parse_check("masked_loss.mse.mean/extra-padding:float32:eager").item
    'extra-padding'

    Raises:
        UsageError: ``check`` is not a check id.
    """
    found = _CHECK.fullmatch(check)
    if found is None:
        msg = (
            f"{check[:200]!r} is not a check id; write "
            "<variant>/<case or law>:<dtype>:<route>, such as "
            "masked_mean/extra-padding:float32:eager"
        )
        raise UsageError(msg)
    return CheckId(**found.groupdict())


def is_check(text: str) -> bool:
    """Tell whether ``text`` has the form of a check id.

    >>> is_check("observing T = 0: masked_mean")
    False
    """
    return _CHECK.fullmatch(text) is not None


_PLACEHOLDERS = frozenset(
    ("to be judged", "to be done", "todo", "tbd", "tba", "fixme", "xxx", "unknown")
)


def is_reason(text: str) -> bool:
    """Tell whether ``text`` says why a difference is accepted.

    >>> is_reason("To be judged."), is_reason("?"), is_reason("divides by T")
    (False, False, True)
    """
    words = re.sub(r"[\W_]+", " ", text).strip().casefold()
    return bool(words) and words not in _PLACEHOLDERS


def number(value: float) -> float | str:
    """Return ``value`` as strict JSON can hold it and as it is read back.

    >>> [number(value) for value in (1.5, float("nan"), float("-inf"), -0.0)]
    [1.5, 'nan', '-inf', '-0.0']
    """
    if math.isfinite(value):
        return "-0.0" if value == 0 and math.copysign(1, value) < 0 else value
    return str(float(value))


def tidy(value: Any, limit: int = TEXT_LIMIT) -> Any:
    r"""Return a line's content with clean texts and strict numbers.

    >>> tidy({"got": [float("nan"), 1.0], "message": "bell\x07"})
    {'got': ['nan', 1.0], 'message': 'bell'}
    """
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, float) and not math.isfinite(value):
        return number(value)
    if isinstance(value, list):
        return [tidy(item, limit) for item in value]
    if isinstance(value, dict):
        return {
            clean(key, limit): tidy(
                hide_home(item) if key in _PRIVATE else item, _LIMITS.get(key, limit)
            )
            for key, item in value.items()
        }
    return value


def hide_home(text: Any) -> Any:
    """Return a text with ``~`` for the folder of whoever ran it: records are shared."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() may raise
    if not isinstance(text, str) or len(home) < 2 or home == "~":  # noqa: PLR2004 - a root
        return text
    return re.sub(rf"{re.escape(home)}(?=[/\\\s\"':]|$)", "~", text)
