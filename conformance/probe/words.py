"""What each question is called, what must hold, and why it is asked.

Apart from the questions themselves, so that records can be read without NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionWords:
    """The words of one question.

    Attributes:
        name: Its name in check ids.
        title: What a reader sees.
        law: What must hold.
        why: What goes wrong where it does not.
    """

    name: str
    title: str
    law: str
    why: str


WORDS: dict[str, QuestionWords] = {
    each.name: each
    for each in (
        QuestionWords(
            name="mask-read",
            title="is the mask read",
            law="taking positions away changes the answer at those that are left",
            why=(
                "a mask that is not read is the worst mistake: every other question "
                "about it would be answered by chance"
            ),
        ),
        QuestionWords(
            name="other-numbers",
            title="other numbers at padding",
            law="what stands at padding changes nothing",
            why=(
                "a sum, softmax, convolution or norm that takes padding in changes "
                "when padding does"
            ),
        ),
        QuestionWords(
            name="more-padding",
            title="more padding",
            law="more padding behind every row changes nothing",
            why=(
                "a divisor, a scale or a window that depends on T changes when T "
                "does, although padding is zero"
            ),
        ),
        QuestionWords(
            name="alone",
            title="each row alone",
            law="a row gives the same alone, without its padding",
            why=(
                "what a row gives in a batch must be what it gives by itself, or a "
                "service's answers depend on who else asks"
            ),
        ),
        QuestionWords(
            name="beside",
            title="other rows beside it",
            law="the rows beside a row change nothing in it",
            why=(
                "a statistic over the batch, or the longest row of it, reaches into "
                "every row"
            ),
        ),
        QuestionWords(
            name="order",
            title="other order of rows",
            law="the order of rows changes nothing in them",
            why=(
                "rows that read their neighbours give something else when they "
                "stand elsewhere"
            ),
        ),
        QuestionWords(
            name="left",
            title="padding on the left",
            law="it makes no difference on which side padding stands",
            why=(
                "positions that are counted from the edge, and poolers that read "
                "position 0, meet padding there"
            ),
        ),
        QuestionWords(
            name="left-numbers",
            title="other numbers on the left",
            law="what stands at padding on the left changes nothing",
            why=(
                "a causal convolution or a recurrent state that is safe on the "
                "right reads padding on the left"
            ),
        ),
        QuestionWords(
            name="gaps",
            title="gaps",
            law="padding between positions that count changes nothing",
            why=(
                "a mask that is taken for a length breaks where padding stands "
                "between positions that count"
            ),
        ),
        QuestionWords(
            name="empty-row",
            title="an empty row beside them",
            law="a row without a valid position changes nothing in the others",
            why=(
                "0 / 0 and a softmax over nothing give NaN, which a sum over the "
                "batch spreads"
            ),
        ),
        QuestionWords(
            name="full-mask",
            title="all-true mask and none",
            law="a mask that takes nothing away is no mask",
            why="a path that is taken only with a mask may compute something else",
        ),
        QuestionWords(
            name="repeat",
            title="the same call twice",
            law="the same call gives the same bits",
            why="without this, no difference means anything",
        ),
        QuestionWords(
            name="gradient",
            title="gradient at padding",
            law="the gradient at padding is zero",
            why=(
                "a right answer may still send gradients into padding, as 0 * inf "
                "does, or a derivative of its own"
            ),
        ),
        QuestionWords(
            name="parameter-gradient",
            title="parameters' gradients",
            law="they are the sum of those of the rows alone",
            why=(
                "padding in a parameter's gradient trains the model on what is not "
                "there"
            ),
        ),
        QuestionWords(
            name="training",
            title="training mode",
            law="with dropout off, padding changes nothing in training mode either",
            why="statistics of the batch are taken in training mode alone",
        ),
        QuestionWords(
            name="causal",
            title="later positions",
            law="a later position changes nothing before it",
            why=(
                "a mask that is applied at the wrong place lets a position see what "
                "comes later"
            ),
        ),
        QuestionWords(
            name="compiled",
            title="the compiled route",
            law="compiled gives what eager gives",
            why=(
                "a compiled graph may have been specialised to one mask, or have "
                "lost it"
            ),
        ),
        QuestionWords(
            name="steps",
            title="one step after the other",
            law="with a cache, steps give what one call gives",
            why=(
                "a cache that keeps padding, or positions that are counted anew, "
                "changes every later token"
            ),
        ),
        QuestionWords(
            name="nan",
            title="NaN at padding",
            law="NaN and infinity at padding reach no position that counts",
            why=(
                "0 * nan is NaN: most models that mask by multiplication do not "
                "stand this, and it is no verdict on finite numbers"
            ),
        ),
    )
}
"""By name, in the order in which they are asked."""
