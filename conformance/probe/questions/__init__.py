"""The questions, in the order in which they are asked.

To add one: write a function that yields answers in a module beside this one, and give
it a row here and in ``words``. Its name is part of check ids and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import UnknownNameError
from conformance.probe.questions import ask, gradients, masks, padding, running
from conformance.probe.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.subject import ProbedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeQuestion:
    """One question.

    Attributes:
        name: Its name in check ids; ``words`` has what it means.
        ask: Puts it to a model.
        every_route: Whether it is asked on other routes than eager.
    """

    name: str
    ask: Callable[[ProbedModel, Mode], Iterator[ProbeAnswer]]
    every_route: bool = False

    @property
    def title(self) -> str:
        """What a reader sees."""
        return WORDS[self.name].title


QUESTIONS: tuple[ProbeQuestion, ...] = (
    ProbeQuestion(
        name="mask-read",
        ask=masks.mask_read,
        every_route=True,
    ),
    ProbeQuestion(
        name="other-numbers",
        ask=ask.pairs("other-numbers", padding.other_numbers),
        every_route=True,
    ),
    ProbeQuestion(
        name="more-padding",
        ask=ask.pairs("more-padding", padding.more_padding),
        every_route=True,
    ),
    ProbeQuestion(
        name="alone",
        ask=ask.pairs("alone", padding.alone),
        every_route=True,
    ),
    ProbeQuestion(
        name="beside",
        ask=ask.pairs("beside", padding.beside),
    ),
    ProbeQuestion(
        name="order",
        ask=ask.pairs("order", padding.order),
    ),
    ProbeQuestion(
        name="left",
        ask=ask.pairs("left", padding.left),
    ),
    ProbeQuestion(
        name="left-numbers",
        ask=ask.pairs("left-numbers", padding.left_numbers),
    ),
    ProbeQuestion(
        name="gaps",
        ask=ask.pairs("gaps", padding.gaps),
    ),
    ProbeQuestion(
        name="empty-row",
        ask=ask.pairs("empty-row", padding.empty_row),
    ),
    ProbeQuestion(
        name="full-mask",
        ask=ask.pairs("full-mask", masks.full_mask),
    ),
    ProbeQuestion(
        name="repeat",
        ask=running.repeat,
    ),
    ProbeQuestion(
        name="gradient",
        ask=gradients.at_padding,
    ),
    ProbeQuestion(
        name="parameter-gradient",
        ask=gradients.of_parameters,
    ),
    ProbeQuestion(
        name="training",
        ask=running.training,
    ),
    ProbeQuestion(
        name="causal",
        ask=ask.pairs("causal", running.causal),
    ),
    ProbeQuestion(
        name="compiled",
        ask=running.compiled,
    ),
    ProbeQuestion(
        name="steps",
        ask=running.steps,
    ),
    ProbeQuestion(
        name="nan",
        ask=ask.pairs("nan", padding.nan),
    ),
)

NAMES = tuple(question.name for question in QUESTIONS)


def select(names: Sequence[str]) -> tuple[ProbeQuestion, ...]:
    """Return questions by name; all where none is named.

    Raises:
        UnknownNameError: There is no question of that name.
    """
    for name in names:
        if name not in NAMES:
            kind = "question"
            raise UnknownNameError(kind, name, NAMES)
    return tuple(each for each in QUESTIONS if not names or each.name in names)
