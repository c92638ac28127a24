"""Text that others wrote, as it may stand in a record, a terminal and a CI log.

Apart from the records, so that a command that only prints need not import them.
"""

from __future__ import annotations

import re

TEXT_LIMIT = 10_000
"""Characters of a text in a record."""

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


def _note(cut: int) -> str:
    return f"\n[... {cut} characters cut ...]\n"
