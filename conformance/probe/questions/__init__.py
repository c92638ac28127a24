"""The questions, in the order in which they are asked.

To add one: write a function that yields answers in a module beside this one, and give
it a row here. Its name is part of check ids and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import UnknownNameError
from conformance.probe.questions import ask, gradients, masks, padding, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.subject import ProbedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeQuestion:
    """One question.

    Attributes:
        name: Its name in check ids.
        title: What a reader sees.
        law: What must hold.
        ask: Puts it to a model.
        every_route: Whether it is asked on other routes than eager.
    """

    name: str
    title: str
    law: str
    ask: Callable[[ProbedModel, Mode], Iterator[ProbeAnswer]]
    every_route: bool = False


QUESTIONS: tuple[ProbeQuestion, ...] = (
    ProbeQuestion(
        name="mask-read",
        title="is the mask read",
        law="taking positions away changes the answer at those that are left",
        ask=masks.mask_read,
        every_route=True,
    ),
    ProbeQuestion(
        name="other-numbers",
        title="other numbers at padding",
        law="what stands at padding changes nothing",
        ask=ask.pairs("other-numbers", padding.other_numbers),
        every_route=True,
    ),
    ProbeQuestion(
        name="more-padding",
        title="more padding",
        law="more padding behind every row changes nothing",
        ask=ask.pairs("more-padding", padding.more_padding),
        every_route=True,
    ),
    ProbeQuestion(
        name="alone",
        title="each row alone",
        law="a row gives the same alone, without its padding",
        ask=ask.pairs("alone", padding.alone),
        every_route=True,
    ),
    ProbeQuestion(
        name="beside",
        title="other rows beside it",
        law="the rows beside a row change nothing in it",
        ask=ask.pairs("beside", padding.beside),
    ),
    ProbeQuestion(
        name="order",
        title="other order of rows",
        law="the order of rows changes nothing in them",
        ask=ask.pairs("order", padding.order),
    ),
    ProbeQuestion(
        name="left",
        title="padding on the left",
        law="it makes no difference on which side padding stands",
        ask=ask.pairs("left", padding.left),
    ),
    ProbeQuestion(
        name="left-numbers",
        title="other numbers on the left",
        law="what stands at padding on the left changes nothing",
        ask=ask.pairs("left-numbers", padding.left_numbers),
    ),
    ProbeQuestion(
        name="gaps",
        title="gaps",
        law="padding between positions that count changes nothing",
        ask=ask.pairs("gaps", padding.gaps),
    ),
    ProbeQuestion(
        name="empty-row",
        title="an empty row beside them",
        law="a row without a valid position changes nothing in the others",
        ask=ask.pairs("empty-row", padding.empty_row),
    ),
    ProbeQuestion(
        name="full-mask",
        title="all-true mask and none",
        law="a mask that takes nothing away is no mask",
        ask=ask.pairs("full-mask", masks.full_mask),
    ),
    ProbeQuestion(
        name="repeat",
        title="the same call twice",
        law="the same call gives the same bits",
        ask=running.repeat,
    ),
    ProbeQuestion(
        name="gradient",
        title="gradient at padding",
        law="the gradient at padding is zero",
        ask=gradients.at_padding,
    ),
    ProbeQuestion(
        name="parameter-gradient",
        title="parameters' gradients",
        law="they are the sum of those of the rows alone",
        ask=gradients.of_parameters,
    ),
    ProbeQuestion(
        name="training",
        title="training mode",
        law="with dropout off, padding changes nothing in training mode either",
        ask=running.training,
    ),
    ProbeQuestion(
        name="causal",
        title="later positions",
        law="a later position changes nothing before it",
        ask=ask.pairs("causal", running.causal),
    ),
    ProbeQuestion(
        name="compiled",
        title="the compiled route",
        law="compiled gives what eager gives",
        ask=running.compiled,
    ),
    ProbeQuestion(
        name="steps",
        title="one step after the other",
        law="with a cache, steps give what one call gives",
        ask=running.steps,
    ),
    ProbeQuestion(
        name="nan",
        title="NaN at padding",
        law="NaN and infinity at padding reach no position that counts",
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
