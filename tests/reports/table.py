"""Thirty mistakes from public reports, with the adapter that makes each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.reports import layers, pooling, scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GITHUB = "https://github.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A mistake that somebody made.

    Attributes:
        operation: The operation that it is one of here.
        function: The adapter's function, written from the thread.
        thread: Where it was reported.
        declared: What the adapter has to declare to be asked.
    """

    operation: str
    function: Callable[..., Any]
    thread: str
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The thread's address."""
        return _GITHUB + self.thread


def _report(
    operation: str, function: Callable[..., Any], thread: str, **declared: Any
) -> Report:
    return Report(
        operation=operation, function=function, thread=thread, declared=declared
    )


_LEFT = {"placements": ("right", "left")}
REPORTS = (
    _report(
        "masked_mean",
        pooling.whole_batch_count,
        "StarlightSearch/EmbedAnything/issues/210",
    ),
    _report("masked_mean", pooling.plain_mean, "HKUDS/LightRAG/pull/3675"),
    _report("masked_mean", pooling.mean_of_product, "d2l-ai/d2l-en/issues/2076"),
    _report(
        "masked_mean",
        pooling.without_both_ends,
        "speechbrain/speechbrain/issues/1048",
    ),
    _report(
        "masked_max",
        pooling.zeros_in_the_maximum,
        "facebookresearch/InferSent/issues/51",
    ),
    _report(
        "masked_max",
        pooling.minus_ten_in_the_maximum,
        "facebookresearch/InferSent/issues/51",
    ),
    _report(
        "masked_logsumexp", pooling.one_frame_too_many, "Wangpeiyi9979/ESD/issues/6"
    ),
    _report(
        "masked_variance", pooling.unmasked_unbiased, "NVIDIA-NeMo/Speech/issues/5401"
    ),
    _report("masked_variance", pooling.centres_padding, "espnet/espnet/pull/6571"),
    _report(
        "last_valid",
        pooling.first_zero_less_one,
        "huggingface/sentence-transformers/pull/2111",
    ),
    _report(
        "last_valid",
        pooling.last_of_the_padded_row,
        "openvinotoolkit/openvino.genai/pull/2757",
    ),
    _report(
        "last_valid", pooling.count_less_one, "unslothai/unsloth-zoo/pull/968", **_LEFT
    ),
    _report("reverse_sequence", pooling.flips_everything, "state-spaces/mamba/pull/52"),
    _report("mask_from_ids", pooling.not_zero, "piskvorky/gensim/issues/1900"),
    _report(
        "masked_softmax", scores.renormalised, "abisee/pointer-generator/issues/88"
    ),
    _report(
        "masked_softmax",
        scores.softmax_of_the_product,
        "georg-wolflein/good-features/pull/1",
    ),
    _report(
        "masked_softmax",
        scores.product_of_the_softmax,
        "NVIDIA/Megatron-LM/pull/731",
    ),
    _report(
        "masked_log_softmax",
        scores.log_softmax_of_minus_1e4,
        "dmlc/gluon-nlp/pull/1457",
    ),
    _report(
        "attention",
        scores.masked_rows,
        "lsdefine/attention-is-all-you-need-keras/issues/16",
    ),
    _report("attention", scores.no_key_mask, "facebookresearch/fairseq/issues/318"),
    _report("attention", scores.added_as_a_number, "mlverse/torch/pull/1208"),
    _report("attention", scores.mask_of_the_sums, "Kyubyong/transformer/pull/69"),
    _report("masked_loss", scores.by_all_positions, "tracel-ai/burn/issues/5568"),
    _report(
        "masked_loss",
        scores.mean_of_micro_batches,
        "huggingface/transformers/pull/34191",
    ),
    _report("masked_loss", scores.padded_frames_too, "NVIDIA/tacotron2/issues/244"),
    _report(
        "masked_loss", scores.by_the_number_of_rows, "keras-team/keras-core/pull/802"
    ),
    _report("masked_loss", scores.without_the_end, "huggingface/trl/issues/976"),
    _report("birnn", layers.last_output, "georgepar/slp/pull/7"),
    _report("conv1d", layers.lost_mask, "keras-team/keras/issues/12475"),
    _report(
        "masked_batch_norm", layers.lost_statistics_mask, "google/flax/issues/3690"
    ),
    _report(
        "crf_log_likelihood",
        layers.partition_over_padding,
        "harvardnlp/pytorch-struct/issues/46",
    ),
)
"""Mistakes that were written after the parts of the diagnosis were frozen."""
