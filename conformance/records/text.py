"""Text and numbers as the record holds them: printable, bounded and strict JSON."""

from __future__ import annotations

import math
import os
import re
from typing import Any, NamedTuple

from conformance.errors import UsageError

OBSERVING = "observing "
"""What stands before the name of what is observed, where a run says what it does."""

TEXT_LIMIT = 10_000
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


# What a CI service takes for a command to itself. GitHub's runner trims a line before
# it looks for "::", and finds "##[" anywhere in it, as Azure finds "##vso[" and
# TeamCity "##teamcity["; GitLab, Travis and Buildkite fold a log by what begins a line.
_COMMANDS = re.compile(
    r"(?m)^(?P<space>[^\S\n]*)(?P<colons>::)"
    r"|^(?P<fold>[^\S\n]*(?:section_(?:start|end):|travis_(?:fold|time):|[-+~]{3} ))"
    r"|##(?=\[|vso\[|teamcity\[)",
    re.IGNORECASE,
)


def disarm(text: str) -> str:
    r"""Return ``text`` as it may stand in a terminal and in a CI service's log.

    Terminal codes and control characters go, and no line is a command to the service,
    whoever wrote it: an adapter, a record, or a file's name.

    >>> disarm("x\n  ::error::not ours")
    'x\n  : :error::not ours'
    >>> disarm("a ##[error]b")
    'a # #[error]b'
    """
    plain = clean(text, limit=max(len(text), 1))
    return _COMMANDS.sub(_apart, plain)


def _apart(found: re.Match[str]) -> str:
    if found["colons"]:
        return f"{found['space']}: :"
    if found["fold"]:
        return f"| {found['fold'].lstrip()}"
    return "# #"


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


def _note(cut: int) -> str:
    return f"\n[... {cut} characters cut ...]\n"
