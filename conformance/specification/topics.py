"""Say what a check is about, in the words of somebody who chooses a library.

A clause says what must hold; a topic says which kind of input shows whether it does.
Ordinary topics are those of finite numbers with padding on the right, which everybody
has; the others come up with some data only.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.specification.model import COMPILED_ROUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One kind of input.

    Attributes:
        name: Its slug, as records have it.
        title: What a column is called.
        ordinary: Whether everybody has such input.
        placement: The placement of padding that it needs an adapter to declare.
    """

    name: str
    title: str
    ordinary: bool = False
    placement: str = ""


TOPICS: tuple[Topic, ...] = (
    Topic(name="padding-content", title="padding's content", ordinary=True),
    Topic(name="more-padding", title="more padding", ordinary=True),
    Topic(name="other-rows", title="other rows", ordinary=True),
    Topic(name="gradient", title="gradient", ordinary=True),
    Topic(name="form", title="mask forms, views", ordinary=True),
    Topic(name="compiled", title="compiled route", ordinary=True),
    Topic(name="left", title="left padding", placement="left"),
    Topic(name="gaps", title="gaps", placement="gaps"),
    Topic(name="empty-row", title="empty row"),
    Topic(name="nan-padding", title="NaN at padding"),
    Topic(name="nan-gradient", title="NaN's gradient"),
    Topic(name="nan-value", title="NaN in the row"),
    Topic(name="large-values", title="large values"),
    Topic(name="long-rows", title="long rows"),
    Topic(name="other", title="other"),
    Topic(name="low-precision", title="low precision"),
)

BY_NAME = {topic.name: topic for topic in TOPICS}

_LOW = ("float16", "bfloat16")

_OF_CLAUSE = {
    "extra-padding": "more-padding",
    "batch-composition": "other-rows",
    "batch-order": "other-rows",
    "full-mask": "other-rows",
    "length-one": "other-rows",
    "row-by-row": "other-rows",
    "refolded": "other-rows",
    "each-by-itself": "other-rows",
    "gradient": "gradient",
    "trains": "gradient",
    "mask-form": "form",
    "contract": "form",
    "layout": "form",
    "route": "compiled",
    "left-padding": "left",
    "gaps": "gaps",
    "empty-row": "empty-row",
    "zero-time": "empty-row",
    "zero-batch": "empty-row",
    "wild-padding": "nan-padding",
    "wild-gradient": "nan-gradient",
    "forward-gradient": "nan-gradient",
    "valid-nan": "nan-value",
    "nan-shows": "nan-value",
    "nan-counts": "nan-value",
    "large-values": "large-values",
    "minus-infinity": "large-values",
    "subnormals": "large-values",
    "long-rows": "long-rows",
}


def find_topic(
    clause: str, dtype: str, route: str, primary: str = "", level: str = "core"
) -> str:
    """Return the topic of a check by its slug.

    What fails in float16 alone is a matter of precision, and what fails compiled alone
    one of the compiler, whatever the clause: each check has one topic.

    Args:
        clause: The clause's id, such as ``masked_mean.gaps``; of a law its name will
            do. A clause of an operation's own is about its value.
        dtype: The check's dtype.
        route: Its route.
        primary: The route on which the adapter's checks all run, where it is known.
        level: The level at which it is first asked. What is not core is not ordinary,
            such as a tag that is none, or an infinity among the values.

    >>> find_topic("masked_mean.gaps", "float32", "eager")
    'gaps'
    >>> find_topic("masked_mean.gaps", "bfloat16", "eager")
    'low-precision'
    """
    if dtype in _LOW:
        return "low-precision"
    name = clause.rpartition(".")[2]
    compiled = route in COMPILED_ROUTES and route != primary
    if primary and compiled:
        return "compiled"
    topic = _OF_CLAUSE.get(name, "padding-content")
    return topic if level == "core" or not BY_NAME[topic].ordinary else "other"
