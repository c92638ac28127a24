"""Text and numbers as the record holds them: printable, bounded and strict JSON."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from conformance.errors import UsageError

OBSERVING = "observing "
"""What stands before the name of what is observed, where a run says what it does."""

TEXT_LIMIT = 10_000
CODE_LIMIT = 100_000
"""Characters of a command or snippet, which is of no use when cut."""

_LIMITS = {"command": CODE_LIMIT, "snippet": CODE_LIMIT}

_CHECK = re.compile(
    r"(?P<variant>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)"
    r"/(?P<item>[A-Za-z0-9][A-Za-z0-9._-]*)"
    r":(?P<dtype>[A-Za-z0-9_]+):(?P<route>[A-Za-z0-9._-]+)"
)

# Terminal sequences: CSI (colours, cursor), OSC and the other strings, short escapes.
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)

# What no reader can see but which changes what is seen, or breaks XML and UTF-8:
# controls, line separators, direction overrides, the byte order mark.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")


class Check(NamedTuple):
    """The parts of a check id."""

    variant: str
    item: str
    dtype: str
    route: str

    @property
    def operation(self) -> str:
        """The operation that the variant belongs to."""
        return self.variant.partition(".")[0]


def parse_check(check: str) -> Check:
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
    return Check(**found.groupdict())


def is_check(text: str) -> bool:
    """Tell whether ``text`` has the form of a check id.

    >>> is_check("observing T = 0: masked_mean")
    False
    """
    return _CHECK.fullmatch(text) is not None


def number(value: float) -> float | str:
    """Return ``value`` as strict JSON can hold it and as it is read back.

    >>> [number(value) for value in (1.5, float("nan"), float("-inf"), -0.0)]
    [1.5, 'nan', '-inf', '-0.0']
    """
    if math.isfinite(value):
        return "-0.0" if value == 0 and math.copysign(1, value) < 0 else value
    return str(float(value))


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    r"""Return ``text`` without terminal codes and control characters, and bounded.

    The beginning and the end are kept, since a traceback says what happened in its
    last line. Keras writes ANSI bold into its messages, so this is not rare.

    >>> clean("\x1b[1mTypeError\x1b[0m: mask\x00")
    'TypeError: mask'
    >>> clean("a" * 1000, limit=40)
    'aaaaaa\n[... 991 characters cut ...]\naaa'
    """
    plain = text.replace("\r\n", "\n")
    plain = _INVISIBLE.sub("", _TERMINAL.sub("", plain))
    plain = _SURROGATES.sub("\ufffd", plain)
    if len(plain) <= limit:
        return plain
    # The longest note that can be needed decides, so that the result fits the limit.
    room = max(0, limit - len(_note(len(plain))))
    tail = room // 3
    head = room - tail
    return plain[:head] + _note(len(plain) - room) + plain[len(plain) - tail :]


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
            clean(key, limit): tidy(item, _LIMITS.get(key, limit))
            for key, item in value.items()
        }
    return value


def _note(cut: int) -> str:
    return f"\n[... {cut} characters cut ...]\n"
