"""What a mask is called, what true means in it, and how it is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import conformance
from conformance.probe.examine import examine
from conformance.probe.infer import TargetError
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from conformance.probe.examine import Report

torch = pytest.importorskip("torch")
nn: Any = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore")


class Attention(nn.Module):  # type: ignore[misc]
    """An attention, and a convolution behind it that may read padding."""

    def __init__(self, *, wrong: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.conv = torch.nn.Conv1d(8, 8, 3, padding=1)
        self.wrong = wrong

    def run(self, x: Any, hidden: Any) -> Any:
        h, _ = self.attention(x, x, x, key_padding_mask=hidden)
        if hidden is not None and not self.wrong:
            h = h.masked_fill(hidden[..., None], 0.0)
        return self.conv(h.transpose(1, 2)).transpose(1, 2)


class Hides(Attention):
    """True is padding, as in torch."""

    def forward(self, x: Any, padding_mask: Any) -> Any:
        return self.run(x, padding_mask)


class Keeps(Attention):
    """True is what counts, as in torch-rechub."""

    def forward(self, x: Any, padding_mask: Any) -> Any:
        return self.run(x, ~padding_mask)


class HidesOrNot(Attention):
    def forward(self, x: Any, padding_mask: Any = None) -> Any:
        return self.run(x, padding_mask)


class KeepsOrNot(Attention):
    def forward(self, x: Any, padding_mask: Any = None) -> Any:
        return self.run(x, None if padding_mask is None else ~padding_mask)


class Zeroes(nn.Module):  # type: ignore[misc]
    """No position reads another one: its own answer is all that shows the meaning."""

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(8, 8)
        self.keeps = keeps

    def forward(self, x: Any, pad_mask: Any) -> Any:
        hidden = ~pad_mask if self.keeps else pad_mask
        return self.linear(x).masked_fill(hidden[..., None], 0.0)


class Both(nn.Module):  # type: ignore[misc]
    """What is true and what is false count alike."""

    def forward(self, x: Any, padding_mask: Any) -> Any:
        weight = 1.0 + 0.01 * padding_mask[..., None].to(x.dtype)
        return (x * weight).sum(1)


class Ignores(nn.Module):  # type: ignore[misc]
    def forward(self, x: Any, padding_mask: Any) -> Any:
        del padding_mask
        return x.mean(1)


def probed(model: Any, **said: Any) -> Report:
    return examine(wrap(model, "model"), ProbeSettings(locate=False, **said))


def answered(report: Report) -> str:
    interface = report.subject.interface
    return f"{interface.mask} {interface.convention}"


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize(
    ("kind", "means", "shown"),
    [
        (Hides, "padding", "what stands where it is true changes"),
        (Keeps, "keep", "what stands where it is true changes"),
        (HidesOrNot, "padding", "all false gives what no mask gives"),
        (KeepsOrNot, "keep", "all true gives what no mask gives"),
    ],
)
def test_a_mask_whose_name_does_not_decide_is_tried_both_ways(
    kind: type[Attention], means: str, shown: str, *, wrong: bool
) -> None:
    report = probed(kind(wrong=wrong))
    assert answered(report) == f"padding_mask {means}"
    (note,) = (each for each in report.notes if "its name does not say" in each)
    assert shown in note
    assert bool(report.leaks) == wrong


@pytest.mark.parametrize("keeps", [False, True])
def test_where_no_position_reads_another_its_own_answer_decides(*, keeps: bool) -> None:
    report = probed(Zeroes(keeps=keeps))
    assert answered(report) == f"pad_mask {'keep' if keeps else 'padding'}"
    assert not report.leaks


def test_a_meaning_that_cannot_be_told_is_asked_for() -> None:
    with pytest.raises(TargetError, match="--mask padding_mask=padding or") as told:
        probed(Both())
    assert "the model does not show which" in str(told.value)
    assert probed(Both(), masks={"padding_mask": "keep"}).leaks


def test_a_mask_that_is_not_read_leaks_whatever_true_means() -> None:
    report = probed(Ignores())
    assert {each.question for each in report.leaks} >= {"mask-read", "other-numbers"}


def test_a_name_that_decides_is_kept_and_doubted_where_the_model_differs() -> None:
    def inverted(x: Any, mask: Any) -> Any:
        keep = (~mask)[..., None].to(x.dtype)
        return (x * keep).sum(1) / keep.sum(1).clamp(min=1)

    report = examine(wrap(inverted, "inverted", "torch"), ProbeSettings(locate=False))
    assert answered(report) == "mask keep"
    assert report.leaks
    (note,) = (each for each in report.notes if "answers as if" in each)
    assert "say --mask mask=padding" in note


def test_a_name_that_decides_is_not_doubted_for_a_leak() -> None:
    def counts_t(x: Any, mask: Any) -> Any:
        return (x * mask[..., None].to(x.dtype)).sum(1) / x.shape[1]

    report = examine(wrap(counts_t, "f", "torch"), ProbeSettings(locate=False))
    assert report.leaks
    assert not any("answers as if" in each for each in report.notes)


class Through(nn.Module):  # type: ignore[misc]
    """Hands everything on but its input."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any, **kwargs: Any) -> Any:
        return self.inner(x, **kwargs)


class Mean(nn.Module):  # type: ignore[misc]
    def __init__(self, *, wrong: bool) -> None:
        super().__init__()
        self.wrong = wrong

    def forward(self, x: Any, mask: Any = None) -> Any:
        keep = torch.ones_like(x[..., 0]) if mask is None else mask.to(x.dtype)
        total = (x * keep[..., None]).sum(1)
        return total / (x.shape[1] if self.wrong else keep.sum(1)[:, None].clamp(min=1))


@pytest.mark.parametrize("wrong", [False, True])
def test_a_mask_is_found_behind_keyword_arguments(*, wrong: bool) -> None:
    report = probed(Through(Mean(wrong=wrong)))
    assert answered(report) == "mask keep"
    assert "mask is handed on through keyword arguments of any name" in report.notes
    assert bool(report.leaks) == wrong


def test_a_mask_behind_keyword_arguments_is_asked_what_it_means() -> None:
    report = probed(Through(KeepsOrNot()))
    assert answered(report) == "padding_mask keep"
    assert not report.leaks


def test_keyword_arguments_that_take_no_known_mask_are_said() -> None:
    class Silent(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, **kwargs: Any) -> Any:
            own = kwargs.get("visible")
            keep = torch.ones_like(x[..., :1]) if own is None else own[..., None]
            return (x * keep).sum(1) / keep.sum(1).clamp(min=1)

    report = probed(Silent())
    assert answered(report) == " none"
    (note,) = (each for each in report.notes if "keyword arguments" in each)
    assert "say --mask NAME=keep" in note
    assert not probed(Silent(), masks={"visible": "keep"}).leaks


def test_a_function_of_numpy_hands_on_too() -> None:
    def masked(x: Any, mask: Any) -> Any:
        return (x * mask[..., None]).sum(1) / mask.sum(1)[:, None]

    def wrapped(x: Any, **more: Any) -> Any:
        return masked(x, **more) if more else x.mean(1)

    found = conformance.probe(wrapped, framework="numpy")
    assert found.clean


@pytest.mark.parametrize("wrong", [False, True])
def test_a_mask_that_is_added_to_scores_is_known_by_its_name(*, wrong: bool) -> None:
    class Adds(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, extended_attention_mask: Any) -> Any:
            scores = (x @ x.transpose(1, 2))[:, None]
            weights = (scores + extended_attention_mask).softmax(-1)[:, 0]
            return (x.softmax(1) if wrong else x) + weights @ x

    report = probed(Adds())
    assert answered(report) == "extended_attention_mask additive"
    assert report.subject.interface.mask_shape == "B11T"
    assert bool(report.leaks) == wrong
