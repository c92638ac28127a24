"""Frames that stand for several positions: which of them count, and which leak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from conformance.probe.examine import Report

torch = pytest.importorskip("torch")
nn: Any = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore")


class Frames(nn.Module):  # type: ignore[misc]
    """Frames of ten positions that attend to each other, as a speech model has them."""

    def __init__(self, *, wrong: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv1d(4, 6, 10, stride=10)
        self.wrong = wrong

    def forward(self, x: Any, mask: Any) -> Any:
        h = self.conv(x.transpose(1, 2)).transpose(1, 2)
        count = (mask.sum(1) - 10) // 10 + 1
        keep = torch.arange(h.shape[1]) < count[:, None]
        score = h @ h.transpose(1, 2)
        if not self.wrong:
            score = score.masked_fill(~keep[:, None], -1e9)
        return torch.softmax(score, -1) @ h


class Patches(nn.Module):  # type: ignore[misc]
    """Means of four positions; a patch counts where all of its positions do."""

    def __init__(self, *, says: str) -> None:
        super().__init__()
        self.says = says

    def forward(self, x: Any, mask: Any) -> Any:
        more = -x.shape[1] % 4
        x = torch.nn.functional.pad(x, (0, 0, 0, more))
        mask = torch.nn.functional.pad(mask, (0, more))
        patches = x.reshape(x.shape[0], -1, 4, x.shape[2]).mean(2)
        whole = mask.reshape(x.shape[0], -1, 4).all(2)
        part = mask.reshape(x.shape[0], -1, 4).any(2)
        said = {"lengths": whole.sum(1), "mask": whole, "wrong": part}
        return (patches, said[self.says]) if self.says else patches


def probed(model: Any, **said: Any) -> Report:
    return examine(wrap(model, "model"), ProbeSettings(locate=False, **said))


@pytest.mark.parametrize("wrong", [False, True])
def test_frames_are_told_from_an_axis_that_does_not_grow(*, wrong: bool) -> None:
    report = probed(Frames(wrong=wrong))
    (output,) = report.subject.outputs
    assert output.has("strided")
    assert len(set(output.strided.values())) > 2
    assert bool(report.leaks) == wrong


@pytest.mark.parametrize("says", ["lengths", "mask"])
def test_a_frame_that_the_model_does_not_count_is_left_out(says: str) -> None:
    # Patches are cut from the first position on, so that padding there moves them.
    assert probed(Patches(says=says), placements=("right",)).leaks == []


@pytest.mark.parametrize("says", ["", "wrong"])
def test_a_frame_that_counts_and_stands_for_padding_leaks_and_is_named(
    says: str,
) -> None:
    report = probed(Patches(says=says))
    assert {each.question for each in report.leaks} >= {"other-numbers"}
    assert any("last frame of a row alone" in each for each in report.notes)


def test_a_leak_into_every_frame_is_not_called_one_of_the_last() -> None:
    report = probed(Frames(wrong=True))
    assert not any("last frame of a row alone" in each for each in report.notes)


def test_a_place_that_cannot_be_looked_for_ends_no_probe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from conformance.probe import examine as room

    def fails(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(room, "locate", fails)
    report = examine(wrap(Frames(wrong=True), "model"), ProbeSettings())
    assert report.leaks
    assert set(report.locations) <= {"gradient", "parameter-gradient"}
